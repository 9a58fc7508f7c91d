# preset: node
# why: `package.json` with a start script (`node dist/server.js`)
# why: pnpm from `packageManager`
# why: Node 22 from `.nvmrc`
# why: build script found
# base images: node:22-slim
# context: /
# output: {"type":"image"}

# Only the fields that decide what is installed, so that other edits of package.json keep the layer.
FROM node:22-slim AS manifest
WORKDIR /app
COPY package.json ./
RUN ["node","-e","const fs=require('fs'),keep=['name','bin','dependencies','devDependencies','optionalDependencies','peerDependencies','dependenciesMeta','peerDependenciesMeta','overrides','resolutions','pnpm','patchedDependencies','trustedDependencies','engines','os','cpu','packageManager'];for(const file of process.argv.slice(1)){const all=JSON.parse(fs.readFileSync(file,'utf8').replace(/^\\uFEFF/,''));fs.writeFileSync(file,JSON.stringify(Object.fromEntries(keep.filter(k=>k in all).map(k=>[k,all[k]]))))}","package.json"]

FROM node:22-slim AS install
WORKDIR /app
ENV CI=true
ENV pnpm_config_pm_on_fail=ignore
RUN --mount=type=cache,target=/root/.npm,sharing=shared npm install --global --force pnpm@10.11.0
ARG BUILD_ENV_HASH
COPY --from=manifest /app/package.json ./
COPY pnpm-lock.yaml ./
RUN --mount=type=cache,target=/root/.local/share/pnpm/store,sharing=shared pnpm install --frozen-lockfile

FROM install AS production
RUN --mount=type=cache,target=/root/.local/share/pnpm/store,sharing=shared pnpm prune --prod --ignore-scripts

FROM install AS build
COPY . .
RUN --mount=type=cache,target=/app/node_modules/.cache,sharing=private pnpm run build
RUN ["node","-e","require('fs').cpSync('/app','/built',{recursive:true,verbatimSymlinks:true,filter:path=>!process.argv.includes(path)})","/app/node_modules"]

FROM node:22-slim
WORKDIR /app
RUN chown 1000:1000 /app
COPY --from=production --chown=1000:1000 /app ./
COPY --from=build --chown=1000:1000 /built/ ./
ENV NODE_ENV=production PATH=/app/node_modules/.bin:$PATH
USER 1000:1000
CMD ["node","dist/server.js"]
