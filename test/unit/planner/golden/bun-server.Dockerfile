# preset: bun
# why: start script `bun run src/index.ts`
# why: Bun 1.2.20 from `packageManager`
# base images: oven/bun:1.2.20-slim
# context: /
# output: {"type":"image"}

FROM oven/bun:1.2.20-slim AS build
WORKDIR /app
ARG BUILD_ENV_HASH
COPY package.json bun.lock ./
RUN bun install --frozen-lockfile
COPY . .
RUN bun run build

FROM oven/bun:1.2.20-slim
ENTRYPOINT []
WORKDIR /app
RUN chown 1000:1000 /app
COPY --from=build --chown=1000:1000 /app ./
ENV NODE_ENV=production PATH=/app/node_modules/.bin:$PATH
USER 1000:1000
CMD ["bun","run","src/index.ts"]
