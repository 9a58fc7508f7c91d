# preset: python
# why: `pyproject.toml` found
# why: `app` found in `main.py`, started by hypercorn
# why: PDM from `pdm.lock`
# why: Python 3.13 from `requires-python`
# base images: python:3.13-slim
# context: /
# output: {"type":"image"}

FROM python:3.13-slim AS build
RUN python -m venv /venv
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 UV_PROJECT_ENVIRONMENT=/venv UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never VIRTUAL_ENV=/venv PATH=/venv/bin:$PATH
WORKDIR /app
ARG BUILD_ENV_HASH
RUN /usr/local/bin/pip install pdm
COPY pyproject.toml pdm.lock ./
RUN pdm sync --prod --no-self
COPY . .

FROM python:3.13-slim
WORKDIR /app
RUN chown 1000:1000 /app
COPY --from=build --chown=1000:1000 /venv /venv
COPY --from=build --chown=1000:1000 /app ./
ENV PYTHONUNBUFFERED=1 VIRTUAL_ENV=/venv PATH=/venv/bin:$PATH
USER 1000:1000
CMD ["sh","-c","exec hypercorn --bind 0.0.0.0:${PORT:-3000} main:app"]
