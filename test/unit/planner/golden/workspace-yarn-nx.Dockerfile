# preset: node
# why: `package.json` with a start script (`node dist/main.js`)
# why: yarn from `yarn.lock`
# why: member of the workspace at the repository's root, needs no other member
# why: Node 24, the default (no version is asked for)
# why: built by Nx (`nx.json`)
# base images: node:24-slim
# context: /
# output: {"type":"image"}

# Only the fields that decide what is installed, so that other edits of package.json keep the layer.
FROM node:24-slim AS manifest
WORKDIR /app
COPY package.json ./
COPY apps/backend/api/package.json ./apps/backend/api/
RUN ["node","-e","const fs=require('fs'),keep=['version','workspaces','catalog','catalogs','name','bin','dependencies','devDependencies','optionalDependencies','peerDependencies','dependenciesMeta','peerDependenciesMeta','overrides','resolutions','pnpm','patchedDependencies','trustedDependencies','engines','os','cpu','packageManager'];for(const file of process.argv.slice(1)){const all=JSON.parse(fs.readFileSync(file,'utf8').replace(/^\\uFEFF/,''));fs.writeFileSync(file,JSON.stringify(Object.fromEntries(keep.filter(k=>k in all).map(k=>[k,all[k]]))))}","package.json","apps/backend/api/package.json"]

FROM node:24-slim AS install
WORKDIR /app
ENV CI=true
ENV YARN_CACHE_FOLDER=/root/.cache/yarn
RUN --mount=type=cache,target=/root/.npm,sharing=shared npm install --global --force yarn@1.22.22
ARG BUILD_ENV_HASH
COPY --from=manifest /app ./
COPY yarn.lock ./
RUN --mount=type=cache,target=/root/.cache/yarn,sharing=locked yarn install --frozen-lockfile --non-interactive

FROM install AS production
RUN --mount=type=cache,target=/root/.cache/yarn,sharing=locked yarn install --frozen-lockfile --non-interactive --production --ignore-scripts --prefer-offline

FROM install AS build
COPY . .
ENV NX_DAEMON=false
RUN --mount=type=cache,target=/app/apps/backend/api/node_modules/.cache,sharing=private ["node_modules/.bin/nx","run","backend-api:build"]
WORKDIR /app/apps/backend/api
RUN ["node","-e","require('fs').cpSync('/app','/built',{recursive:true,verbatimSymlinks:true,filter:path=>!process.argv.includes(path)})","/app/node_modules","/app/apps/backend/api/node_modules"]

FROM node:24-slim
WORKDIR /app
RUN chown 1000:1000 /app
COPY --from=production --chown=1000:1000 /app ./
COPY --from=build --chown=1000:1000 /built/apps/backend/api ./apps/backend/api
WORKDIR /app/apps/backend/api
ENV NODE_ENV=production PATH=/app/apps/backend/api/node_modules/.bin:/app/node_modules/.bin:$PATH
USER 1000:1000
CMD ["node","dist/main.js"]
