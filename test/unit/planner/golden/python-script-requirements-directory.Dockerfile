# preset: python
# why: `requirements/production.txt` found
# why: `bot.py` found
# why: pip from `requirements/production.txt`
# why: Python 3.13, the default (no version is asked for)
# base images: python:3.13-slim
# context: /
# output: {"type":"image"}

FROM python:3.13-slim AS build
RUN python -m venv /venv
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 UV_PROJECT_ENVIRONMENT=/venv UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never VIRTUAL_ENV=/venv PATH=/venv/bin:$PATH
WORKDIR /app
ARG BUILD_ENV_HASH
COPY requirements ./requirements
RUN pip install -r requirements/production.txt
COPY . .

FROM python:3.13-slim
WORKDIR /app
RUN chown 1000:1000 /app
COPY --from=build --chown=1000:1000 /venv /venv
COPY --from=build --chown=1000:1000 /app ./
ENV PYTHONUNBUFFERED=1 VIRTUAL_ENV=/venv PATH=/venv/bin:$PATH
USER 1000:1000
CMD ["python","bot.py"]
