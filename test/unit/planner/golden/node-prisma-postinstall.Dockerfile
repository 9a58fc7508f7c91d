# preset: node
# why: `package.json` with a start script (`node dist/index.js`)
# why: npm from `package-lock.json`
# why: Node 24, the default (no version is asked for)
# why: build script found
# base images: node:24-slim
# context: /
# output: {"type":"image"}

# The whole source comes first because of a postinstall script.
FROM node:24-slim AS install
WORKDIR /app
ENV CI=true
ENV NPM_CONFIG_AUDIT=false
ENV NPM_CONFIG_FUND=false
ENV NPM_CONFIG_UPDATE_NOTIFIER=false
ARG BUILD_ENV_HASH
COPY . .
RUN --mount=type=cache,target=/root/.npm,sharing=shared npm ci || { code=$?; [ "$code" -eq 1 ] || exit "$code"; echo "npm ci failed; trying npm install once" >&2; npm install; }

FROM install AS build
RUN --mount=type=cache,target=/app/node_modules/.cache,sharing=private npm run build
RUN --mount=type=cache,target=/root/.npm,sharing=shared npm prune --omit=dev --ignore-scripts

FROM node:24-slim
WORKDIR /app
RUN chown 1000:1000 /app
COPY --from=build --chown=1000:1000 /app ./
ENV NODE_ENV=production PATH=/app/node_modules/.bin:$PATH
USER 1000:1000
CMD ["node","dist/index.js"]
