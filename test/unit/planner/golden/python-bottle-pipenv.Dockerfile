# preset: python
# why: `Pipfile` found
# why: `app` found in `server.py`, started by waitress
# why: Pipenv from `Pipfile.lock`
# why: Python 3.11 from `Pipfile`
# base images: python:3.11-slim
# context: /
# output: {"type":"image"}

FROM python:3.11-slim AS build
RUN python -m venv /venv
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 UV_PROJECT_ENVIRONMENT=/venv UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never VIRTUAL_ENV=/venv PATH=/venv/bin:$PATH
WORKDIR /app
ARG BUILD_ENV_HASH
RUN /usr/local/bin/pip install pipenv
COPY Pipfile Pipfile.lock ./
RUN pipenv sync
COPY . .

FROM python:3.11-slim
WORKDIR /app
RUN chown 1000:1000 /app
COPY --from=build --chown=1000:1000 /venv /venv
COPY --from=build --chown=1000:1000 /app ./
ENV PYTHONUNBUFFERED=1 VIRTUAL_ENV=/venv PATH=/venv/bin:$PATH
USER 1000:1000
CMD ["sh","-c","exec waitress-serve --listen=0.0.0.0:${PORT:-3000} server:app"]
