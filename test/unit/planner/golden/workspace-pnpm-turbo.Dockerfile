# preset: node
# why: `package.json` with a start script (`node dist/index.js`)
# why: pnpm from `packageManager`
# why: member of the workspace at the repository's root, needs packages/db
# why: Node 24, the default (no version is asked for)
# why: built by Turborepo (`turbo.json`)
# base images: node:24-slim
# context: /
# output: {"type":"image"}

# Only the fields that decide what is installed, so that other edits of package.json keep the layer.
FROM node:24-slim AS manifest
WORKDIR /app
COPY package.json ./
COPY apps/api/package.json ./apps/api/
COPY apps/web/package.json ./apps/web/
COPY packages/db/package.json ./packages/db/
RUN ["node","-e","const fs=require('fs'),keep=['version','workspaces','catalog','catalogs','name','bin','dependencies','devDependencies','optionalDependencies','peerDependencies','dependenciesMeta','peerDependenciesMeta','overrides','resolutions','pnpm','patchedDependencies','trustedDependencies','engines','os','cpu','packageManager'];for(const file of process.argv.slice(1)){const all=JSON.parse(fs.readFileSync(file,'utf8').replace(/^\\uFEFF/,''));fs.writeFileSync(file,JSON.stringify(Object.fromEntries(keep.filter(k=>k in all).map(k=>[k,all[k]]))))}","package.json","apps/api/package.json","apps/web/package.json","packages/db/package.json"]

FROM node:24-slim AS packages
WORKDIR /app
ENV CI=true
ENV pnpm_config_pm_on_fail=ignore
RUN --mount=type=cache,target=/root/.npm,sharing=shared npm install --global --force pnpm@10.11.0
ARG BUILD_ENV_HASH
COPY --from=manifest /app ./
COPY pnpm-lock.yaml pnpm-workspace.yaml ./

FROM packages AS production
RUN --mount=type=cache,target=/root/.local/share/pnpm/store,sharing=shared pnpm install --frozen-lockfile --prod

FROM packages AS install
RUN --mount=type=cache,target=/root/.local/share/pnpm/store,sharing=shared pnpm install --frozen-lockfile

FROM install AS build
COPY . .
ENV TURBO_TELEMETRY_DISABLED=1
RUN --mount=type=cache,target=/app/apps/api/node_modules/.cache,sharing=private ["node_modules/.bin/turbo","run","build","--filter=@acme/api","--env-mode=loose"]
WORKDIR /app/apps/api
RUN ["node","-e","require('fs').cpSync('/app','/built',{recursive:true,verbatimSymlinks:true,filter:path=>!process.argv.includes(path)})","/app/node_modules","/app/apps/api/node_modules","/app/apps/web/node_modules","/app/packages/db/node_modules"]

FROM node:24-slim
WORKDIR /app
RUN chown 1000:1000 /app
COPY --from=production --chown=1000:1000 /app ./
COPY --from=build --chown=1000:1000 /built/packages/db ./packages/db
COPY --from=build --chown=1000:1000 /built/apps/api ./apps/api
WORKDIR /app/apps/api
ENV NODE_ENV=production PATH=/app/apps/api/node_modules/.bin:/app/node_modules/.bin:$PATH
USER 1000:1000
CMD ["node","dist/index.js"]
