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
RUN ["node","-e","const fs=require('fs'),keep=['name','version','bin','workspaces','catalog','catalogs','dependencies','devDependencies','optionalDependencies','peerDependencies','dependenciesMeta','peerDependenciesMeta','overrides','resolutions','pnpm','patchedDependencies','trustedDependencies','engines','os','cpu','packageManager'];for(const file of process.argv.slice(1)){const all=JSON.parse(fs.readFileSync(file,'utf8').replace(/^\\uFEFF/,''));fs.writeFileSync(file,JSON.stringify(Object.fromEntries(keep.filter(k=>k in all).map(k=>[k,all[k]]))))}","package.json","apps/api/package.json","apps/web/package.json","packages/db/package.json"]

FROM node:24-slim AS packages
WORKDIR /app
ENV CI=true
RUN npm install --global --force pnpm@10.11.0
COPY --from=manifest /app ./
COPY pnpm-lock.yaml pnpm-workspace.yaml ./

FROM packages AS production
RUN pnpm install --frozen-lockfile --prod

FROM packages AS install
RUN pnpm install --frozen-lockfile

FROM install AS build
COPY . .
ENV TURBO_TELEMETRY_DISABLED=1
RUN ["node_modules/.bin/turbo","run","build","--filter=@acme/api","--env-mode=loose"]
WORKDIR /app/apps/api
RUN find /app -name node_modules -prune -exec rm -rf {} +

FROM node:24-slim
WORKDIR /app
RUN chown 1000:1000 /app
COPY --from=production --chown=1000:1000 /app ./
COPY --from=build --chown=1000:1000 /app/packages/db ./packages/db
COPY --from=build --chown=1000:1000 /app/apps/api ./apps/api
WORKDIR /app/apps/api
ENV NODE_ENV=production PATH=/app/apps/api/node_modules/.bin:/app/node_modules/.bin:$PATH
USER 1000:1000
CMD ["node","dist/index.js"]
