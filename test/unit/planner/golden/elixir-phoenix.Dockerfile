# preset: elixir
# why: `mix.exs` found
# why: the release `shop`
# why: Elixir 1.18 from `.tool-versions`
# base images: elixir:1.18-slim
# context: /
# output: {"type":"image"}

FROM elixir:1.18-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends build-essential git && rm -rf /var/lib/apt/lists/*
WORKDIR /src
ENV MIX_ENV=prod
ARG BUILD_ENV_HASH
RUN mix local.hex --force && mix local.rebar --force
COPY mix.exs mix.lock ./
RUN mix deps.get --only prod
COPY . .
RUN mix compile
RUN mix assets.deploy
RUN mix release --path /out

FROM elixir:1.18-slim
WORKDIR /app
RUN chown 1000:1000 /app
COPY --from=build --chown=1000:1000 /out ./
ENV PHX_SERVER=true LANG=C.UTF-8
USER 1000:1000
CMD ["bin/shop","start"]
