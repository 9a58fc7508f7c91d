import { join } from 'node:path';
import { baseImage } from '../../../harness/images.ts';
import { greeting, type BenchApp } from '../bench-app.ts';
import { writeWheels } from '../debian-wheels.ts';

/** A server of Python whose packages are kept in the repository: those of the distribution. */
function vendored(packages: readonly string[]): Pick<BenchApp, 'preset' | 'lockedBy' | 'prepare'> {
  return {
    preset: 'python',
    lockedBy: null,
    prepare: async (directory) => {
      await baseImage('python');
      await writeWheels(join(directory, 'vendor'), packages);
    },
  };
}

const gitignore = { '.gitignore': '__pycache__\n.venv\n', '.python-version': '3.11\n' };
const noIndex = '--no-index\n--find-links vendor\n';

const flask: BenchApp = {
  ...vendored([
    'python3-flask',
    'python3-werkzeug',
    'python3-jinja2',
    'python3-markupsafe',
    'python3-itsdangerous',
    'python3-click',
    'python3-gunicorn',
  ]),
  name: 'flask',
  source: 'shop/__init__.py',
  asset: '/static/style.css',
  files: {
    ...gitignore,
    'requirements.txt': `${noIndex}Flask\nWerkzeug\nJinja2\nMarkupSafe\nitsdangerous\nclick\ngunicorn\n`,
    'shop/__init__.py': `from flask import Flask, render_template


def create_app():
    app = Flask(__name__)

    @app.get("/")
    def index():
        return render_template("index.html", greeting="${greeting}")

    return app
`,
    'shop/templates/index.html':
      '<!doctype html><link rel="stylesheet" href="/static/style.css"><h1>{{ greeting }}</h1>\n',
    'shop/static/style.css': 'body { font-family: sans-serif }\n',
  },
};

const django: BenchApp = {
  ...vendored(['python3-django', 'python3-asgiref', 'python3-sqlparse', 'python3-tz', 'python3-gunicorn']),
  name: 'django',
  source: 'shop/views.py',
  asset: '/health',
  files: {
    ...gitignore,
    'requirements.txt': `${noIndex}Django\nasgiref\nsqlparse\npytz\ngunicorn\n`,
    'manage.py': `#!/usr/bin/env python
import os
import sys


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
`,
    'shop/__init__.py': '',
    'shop/settings.py': `import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = os.environ.get("SECRET_KEY", "only-for-the-bench")
DEBUG = False
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["django.contrib.staticfiles"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
`,
    'shop/wsgi.py': `import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
application = get_wsgi_application()
`,
    'shop/urls.py': `from django.urls import path

from shop import views

urlpatterns = [path("", views.index), path("health", views.health)]
`,
    'shop/views.py': `from django.http import HttpResponse, JsonResponse


def index(request):
    return HttpResponse("<h1>${greeting}</h1>")


def health(request):
    return JsonResponse({"ok": True})
`,
  },
};

export const pythonApps: readonly BenchApp[] = [flask, django];
