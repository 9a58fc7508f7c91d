import assert from 'node:assert/strict';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { BuildSettings } from '../../../src/domain/build-settings.ts';
import { defaultBuildSettings } from '../../../src/domain/build-settings.ts';
import { createPlanner } from '../../../src/drivers/build/planner/planner.ts';
import { writeFiles, type SampleFiles } from '../../harness/sample-apps.ts';
import { commandOf, planOf, temporaryDirectory, withoutCaches } from './fixture.ts';

const fastapi = { 'requirements.txt': 'fastapi\nuvicorn\n' };
const flask = { 'requirements.txt': 'Flask\ngunicorn\n' };
const goMod = { 'go.mod': 'module example.com/shop\n\ngo 1.24\n' };

describe('3.1 the module that defines a Python app is read, not guessed', () => {
  const found: readonly (readonly [rule: string, files: SampleFiles, command: RegExp])[] = [
    ['another name', { ...fastapi, 'main.py': '', 'service.py': 'api = FastAPI()' }, /service:api$/],
    ['with a type', { ...fastapi, 'main.py': 'app: FastAPI = FastAPI(\n  title="x")' }, /main:app$/],
    ['by its module', { ...fastapi, 'main.py': 'import fastapi\napp = fastapi.FastAPI()' }, /main:app$/],
    [
      'not in a function',
      { ...fastapi, 'a.py': 'def f():\n    app = FastAPI()', 'b.py': 'app = FastAPI()' },
      / b:app$/,
    ],
    ['not in a test', { ...fastapi, 'tests/main.py': 'app = FastAPI()', 'x/y.py': 'z = FastAPI()' }, / x\.y:z$/],
    ['shallow before deep', { ...fastapi, 'a/main.py': 'app = FastAPI()', 'z.py': 'app = FastAPI()' }, / z:app$/],
    ['usual names first', { ...fastapi, 'a.py': 'app = FastAPI()', 'main.py': 'app = FastAPI()' }, / main:app$/],
    [
      'made by a function',
      { ...fastapi, 'main.py': 'def create_app():\n    return FastAPI()' },
      /main:create_app --factory$/,
    ],
    [
      'made and kept',
      { ...fastapi, 'main.py': 'def make_app():\n    return FastAPI()\nweb = make_app()' },
      /main:web$/,
    ],
    ['below src', { ...flask, 'src/shop/web.py': 'app = Flask(__name__)' }, /--chdir src shop\.web:app$/],
    [
      'below a src that is imported by name',
      { ...flask, 'src/web.py': 'from src.db import x\napp = Flask(__name__)' },
      /:3000\} src\.web:app$|\} src\.web:app$/,
    ],
  ];
  for (const [rule, files, command] of found) {
    it(rule, async (t) => {
      assert.match(commandOf(await planOf(t, files)).at(-1) ?? '', command);
    });
  }

  it('a module that is a link out of the checkout does not count', async (t) => {
    const checkout = await temporaryDirectory(t);
    const outside = await temporaryDirectory(t);
    await writeFiles(outside, { 'main.py': 'app = FastAPI()\n' });
    await writeFiles(checkout, fastapi);
    await symlink(join(outside, 'main.py'), join(checkout, 'main.py'));
    await assert.rejects(createPlanner().plan(checkout, defaultBuildSettings), { code: 'start_command_missing' });
  });

  it('a server that is missing is added, after what could take it away, and the plan says so', async (t) => {
    const files = {
      'pyproject.toml': '[project]\ndependencies = ["fastapi"]\n[build-system]\n',
      'uv.lock': '',
      'main.py': 'app = FastAPI()',
    };
    const { dockerfile, explanation } = await planOf(t, files);
    assert.match(
      dockerfile ?? '',
      /uv sync --frozen --no-dev --no-editable\nRUN .*pip --python \/venv\/bin\/python install uvicorn/,
    );
    assert.match(explanation.join('; '), /uvicorn \(added, as no server is among the packages\)/);
  });
});

describe('3.1 versions of other languages come from the files of the project', () => {
  const py = { 'requirements.txt': '', 'main.py': '' };
  const rows: readonly (readonly [name: string, files: SampleFiles, image: string])[] = [
    ['.python-version', { ...py, '.python-version': '3.12.1\n' }, 'python:3.12-slim'],
    ['a wide range', { ...py, 'pyproject.toml': '[project]\nrequires-python = ">=3.9,<4"\n' }, 'python:3.13-slim'],
    [
      'a compatible release',
      { ...py, 'pyproject.toml': '[project]\nrequires-python = "~=3.11.2"\n' },
      'python:3.11-slim',
    ],
    ['a newer one than the default', { ...py, '.python-version': '3.14' }, 'python:3.14-slim'],
    ['an old one', { ...py, 'runtime.txt': 'python-3.8.10' }, 'python:3.13-slim'],
    ['PyPy', { ...py, '.python-version': 'pypy3.10' }, 'python:3.13-slim'],
    [
      'a toolchain of Go',
      { 'go.mod': 'module x\ngo 1.23\ntoolchain go1.24.2\n', 'main.go': 'package main' },
      'golang:1.24-bookworm',
    ],
    [
      'a Rust channel',
      { 'Cargo.toml': '[package]\nname = "a"\n', 'src/main.rs': '', 'rust-toolchain': 'nightly\n' },
      'rust:1-bookworm',
    ],
    ['Ruby of the Gemfile', { Gemfile: 'ruby "3.2.2"\ngem "puma"\n', 'config.ru': '' }, 'ruby:3.2.2-slim'],
    [
      'Bun of its file',
      { 'package.json': { scripts: { start: 'bun a.ts' } }, '.bun-version': '1.1.0' },
      'oven/bun:1.1.0-slim',
    ],
  ];
  for (const [name, files, image] of rows) {
    it(`${name}: ${image}`, async (t) => {
      assert.equal((await planOf(t, files)).baseImages[0], image);
    });
  }
});

describe('what cannot be known is an error that says what was looked for', () => {
  const rows: readonly (readonly [
    rule: string,
    files: SampleFiles,
    message: RegExp,
    settings?: Partial<BuildSettings>,
  ])[] = [
    ['Python without an app', { 'requirements.txt': '' }, /looked for: manage\.py .*FastAPI.*main\.py/],
    [
      'Python without packages',
      { 'main.py': '' },
      /looked for: requirements\.txt, pyproject\.toml/,
      { preset: 'python' },
    ],
    ['a broken pyproject.toml', { 'pyproject.toml': 'a =' }, /pyproject\.toml is not valid TOML: line 1/],
    [
      'Django without an entry',
      { 'requirements.txt': 'django', 'manage.py': "x('DJANGO_SETTINGS_MODULE', 'shop.settings')" },
      /neither the WSGI nor the ASGI application/,
    ],
    ['Go without a program', { ...goMod, 'shop.go': 'package shop' }, /no program was found; looked for: package main/],
    [
      'Go with programs of equal right',
      { ...goMod, 'cmd/a/a.go': 'package main', 'cmd/b/b.go': 'package main' },
      /several programs could be the one to start: a \(cmd\/a\), b \(cmd\/b\)/,
    ],
    [
      'Go with a module outside',
      { 'go.mod': 'module x\nreplace y => ../y\n', 'main.go': 'package main' },
      /`\.\.\/y`, outside/,
    ],
    [
      'Rust without a binary',
      { 'Cargo.toml': '[package]\nname = "a"\n', 'src/lib.rs': '' },
      /no binary was found; looked for: src\/main\.rs/,
    ],
    [
      'Rust with binaries of equal right',
      { 'Cargo.toml': '[package]\nname = "a"\n', 'src/bin/x.rs': '', 'src/bin/y.rs': '' },
      /several binaries could be the one to start: x \(the root\), y \(the root\)\. Set default-run/,
    ],
    ['Deno without an entry', { 'deno.json': {} }, /looked for: a task `start` in deno\.json, main\.ts/],
    [
      'Bun without an entry',
      { 'package.json': {} },
      /looked for: a start script in package\.json, `module`/,
      { preset: 'bun' },
    ],
    ['PHP without an index', { 'composer.json': {} }, /looked for: public\/index\.php, index\.php/],
    [
      'PHP with an extension of its own',
      { 'composer.json': { require: { 'ext-oci8': '*' } }, 'index.php': '' },
      /`oci8` .*not known yet/,
    ],
    ['Ruby without config.ru', { Gemfile: 'gem "puma"' }, /looked for: config\.ru/],
    [
      'Ruby with assets on Node',
      { Gemfile: 'gem "jsbundling-rails"', 'config.ru': '' },
      /`jsbundling-rails` builds assets with Node/,
    ],
    [
      'Ruby without a server',
      { Gemfile: 'gem "sinatra"', 'config.ru': '' },
      /none of the gems puma, falcon and rackup/,
    ],
    ['Java with several modules', { 'pom.xml': '<modules><module>a</module></modules>' }, /several modules/],
    [
      'Java that makes no whole archive',
      { 'build.gradle': "plugins { id 'java' }" },
      /looked for in the Gradle build: Spring Boot/,
    ],
    ['Java of tomorrow', { 'pom.xml': 'spring-boot <java.version>99</java.version>' }, /Java 99 is not known yet/],
    ['.NET without a web project', { 'a.csproj': '<Project Sdk="Microsoft.NET.Sdk"/>' }, /no web project was found/],
    [
      '.NET with two web projects',
      { 'a.sln': '', 'x/x.csproj': 'Sdk="Microsoft.NET.Sdk.Web"', 'y/y.csproj': 'Sdk="Microsoft.NET.Sdk.Web"' },
      /several web projects were found: x\/x\.csproj, y\/y\.csproj/,
    ],
    ['an Elixir umbrella', { 'mix.exs': 'apps_path: "apps"' }, /umbrella/],
  ];
  for (const [rule, files, message, settings] of rows) {
    it(rule, async (t) => {
      await assert.rejects(planOf(t, files, settings), (error: Error & { code?: string }) => {
        assert.ok(['app_not_detected', 'start_command_missing'].includes(error.code ?? ''), String(error));
        assert.match(error.message, message);
        return true;
      });
    });
  }
});

describe("Rust's dependencies have a layer of their own only where manifests are enough to know them", () => {
  const cargo = { 'Cargo.toml': '[package]\nname = "a"\n', 'Cargo.lock': '', 'src/main.rs': '' };
  const rows: readonly (readonly [rule: string, files: SampleFiles, layered: boolean])[] = [
    ['a plain package', cargo, true],
    ['no lock file', { 'Cargo.toml': cargo['Cargo.toml'], 'src/main.rs': '' }, false],
    ['settings of Cargo', { ...cargo, '.cargo/config.toml': '' }, false],
    ['vendored packages', { ...cargo, 'vendor/a/x': '' }, false],
    [
      'a program with a place of its own',
      { ...cargo, 'Cargo.toml': '[package]\nname = "a"\n[[bin]]\nname = "b"\n' },
      false,
    ],
    [
      'a package beside the members',
      { ...cargo, 'Cargo.toml': '[package]\nname = "a"\n[dependencies]\nb = { path = "b" }\n' },
      false,
    ],
  ];
  for (const [rule, files, layered] of rows) {
    it(`${rule}: ${layered ? 'yes' : 'no'}`, async (t) => {
      const { dockerfile } = await planOf(t, files);
      assert.equal(dockerfile?.includes('COPY Cargo.toml Cargo.lock ./'), layered);
    });
  }
});

describe('settings are in force for every language', () => {
  const apps: Readonly<Record<string, SampleFiles>> = {
    python: { 'requirements.txt': '' },
    go: goMod,
    rust: { 'Cargo.toml': '[package]\nname = "a"\n' },
    deno: { 'deno.json': {} },
    bun: { 'package.json': {} },
    php: { 'index.php': '', 'composer.json': {} },
    ruby: { Gemfile: '' },
    java: { 'pom.xml': '' },
    dotnet: { 'a.csproj': 'Sdk="Microsoft.NET.Sdk.Web" <TargetFramework>net9.0<' },
    elixir: { 'mix.exs': 'app: :a' },
    node: { 'package.json': {} },
  };
  for (const [preset, files] of Object.entries(apps)) {
    it(`${preset}: commands are one argument each, and build variables are declared by name only`, async (t) => {
      const settings = {
        preset: preset as BuildSettings['preset'],
        installCommand: 'in "s"\nRUN evil',
        buildCommand: 'make \\\n all',
        startCommand: 'serve --it',
        buildEnv: { SOME_VALUE: 'value-of-it' },
      };
      const plan = await planOf(t, files, settings);
      const lines = withoutCaches(plan).split('\n');
      for (const command of [settings.installCommand, settings.buildCommand])
        assert.ok(lines.includes(`RUN ${JSON.stringify(['sh', '-c', command])}`), plan.dockerfile ?? '');
      assert.ok(lines.includes('ARG SOME_VALUE') && !lines.some((line) => line.includes('value-of-it')));
      assert.match(commandOf(plan).join(' '), /serve --it$/);
      assert.deepEqual(plan.buildArgs, settings.buildEnv);
    });
  }
});
