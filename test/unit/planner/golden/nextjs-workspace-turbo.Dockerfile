# preset: nextjs
# why: `next.config.ts` found
# why: the standalone output, as the configuration leaves it open
# why: started by its `server.js`
# why: pnpm from `pnpm-lock.yaml`
# why: member of the workspace at the repository's root, needs packages/ui
# why: Node 24, the default (no version is asked for)
# why: built by Turborepo (`turbo.json`)
# base images: node:24-slim
# context: /
# output: {"type":"image"}

# Only the fields that decide what is installed, so that other edits of package.json keep the layer.
FROM node:24-slim AS manifest
WORKDIR /app
COPY package.json ./
COPY apps/web/package.json ./apps/web/
COPY packages/ui/package.json ./packages/ui/
RUN ["node","-e","const fs=require('fs'),keep=['version','workspaces','catalog','catalogs','name','bin','dependencies','devDependencies','optionalDependencies','peerDependencies','dependenciesMeta','peerDependenciesMeta','overrides','resolutions','pnpm','patchedDependencies','trustedDependencies','engines','os','cpu','packageManager'];for(const file of process.argv.slice(1)){const all=JSON.parse(fs.readFileSync(file,'utf8').replace(/^\\uFEFF/,''));fs.writeFileSync(file,JSON.stringify(Object.fromEntries(keep.filter(k=>k in all).map(k=>[k,all[k]]))))}","package.json","apps/web/package.json","packages/ui/package.json"]

FROM node:24-slim AS install
WORKDIR /app
ENV CI=true
ENV pnpm_config_pm_on_fail=ignore
RUN --mount=type=cache,target=/root/.npm,sharing=shared npm install --global --force pnpm@10
ARG BUILD_ENV_HASH
COPY --from=manifest /app ./
COPY pnpm-lock.yaml pnpm-workspace.yaml ./
RUN --mount=type=cache,target=/root/.local/share/pnpm/store,sharing=shared pnpm install --frozen-lockfile

FROM install AS build
ENV NEXT_TELEMETRY_DISABLED=1 NEXT_PRIVATE_STANDALONE=true
COPY . .
ENV TURBO_TELEMETRY_DISABLED=1
RUN --mount=type=cache,target=/app/apps/web/node_modules/.cache,sharing=private --mount=type=cache,target=/app/apps/web/.next/cache,sharing=private ["node_modules/.bin/turbo","run","build","--filter=web","--env-mode=loose"]
WORKDIR /app/apps/web
RUN ["sh","-c","if [ -f .next/standalone/apps/web/server.js ]; then cp -R .next/standalone /standalone && mkdir -p /standalone/apps/web/.next && cp -R .next/static /standalone/apps/web/.next/static && { [ ! -d public ] || cp -R public /standalone/apps/web/; }; else echo \"Next.js made no standalone output: all packages are kept\" >&2 && rm -rf .next/cache && cp -R /app /standalone; fi"]

FROM node:24-slim
WORKDIR /app
RUN chown 1000:1000 /app
COPY --from=build --chown=1000:1000 /standalone ./
WORKDIR /app/apps/web
ENV NODE_ENV=production NEXT_TELEMETRY_DISABLED=1 HOSTNAME=0.0.0.0 PATH=/app/apps/web/node_modules/.bin:/app/node_modules/.bin:$PATH
USER 1000:1000
CMD ["sh","-c","[ ! -f server.js ] || exec node server.js; exec next start"]
