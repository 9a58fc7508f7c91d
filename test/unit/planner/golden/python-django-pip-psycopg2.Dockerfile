# preset: python
# why: `requirements.txt` found
# why: Django's `shop.wsgi:application`, by gunicorn
# why: pip from `requirements.txt`
# why: Python 3.12 from `runtime.txt`
# why: Debian packages: build-essential, libpq-dev, libpq5
# base images: python:3.12-slim
# context: /
# output: {"type":"image"}

FROM python:3.12-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends build-essential libpq-dev && rm -rf /var/lib/apt/lists/*
RUN python -m venv /venv
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 UV_PROJECT_ENVIRONMENT=/venv UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never VIRTUAL_ENV=/venv PATH=/venv/bin:$PATH
WORKDIR /app
ARG BUILD_ENV_HASH
COPY requirements.txt ./
RUN pip install -r requirements.txt
COPY . .
RUN python manage.py collectstatic --noinput || { echo "collectstatic failed: give the settings what they need as build variables, or set a build command" >&2; exit 1; }

FROM python:3.12-slim
RUN apt-get update && apt-get install -y --no-install-recommends libpq5 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
RUN chown 1000:1000 /app
COPY --from=build --chown=1000:1000 /venv /venv
COPY --from=build --chown=1000:1000 /app ./
ENV PYTHONUNBUFFERED=1 VIRTUAL_ENV=/venv PATH=/venv/bin:$PATH
USER 1000:1000
CMD ["sh","-c","exec gunicorn --bind 0.0.0.0:${PORT:-3000} shop.wsgi:application"]
