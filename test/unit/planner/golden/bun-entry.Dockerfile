# preset: bun
# why: `bun.lock` and `index.ts` found
# why: `index.ts` found
# why: Bun 1, the default (no version is asked for)
# base images: oven/bun:1-slim
# context: /
# output: {"type":"image"}

FROM oven/bun:1-slim AS build
WORKDIR /app
ARG BUILD_ENV_HASH
COPY package.json bun.lock ./
RUN bun install --frozen-lockfile
COPY . .

FROM oven/bun:1-slim
ENTRYPOINT []
WORKDIR /app
RUN chown 1000:1000 /app
COPY --from=build --chown=1000:1000 /app ./
ENV NODE_ENV=production PATH=/app/node_modules/.bin:$PATH
USER 1000:1000
CMD ["bun","run","index.ts"]
