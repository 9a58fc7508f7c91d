# preset: node
# why: `package.json` with a start script (`tsx src/server.ts`); as `tsx` is a dev dependency, those are kept
# why: pnpm from `pnpm-lock.yaml`
# why: Node 24, the default (no version is asked for)
# base images: node:24-slim
# context: /
# output: {"type":"image"}

# Only the fields that decide what is installed, so that other edits of package.json keep the layer.
FROM node:24-slim AS manifest
WORKDIR /app
COPY package.json ./
RUN ["node","-e","const fs=require('fs'),keep=['name','bin','dependencies','devDependencies','optionalDependencies','peerDependencies','dependenciesMeta','peerDependenciesMeta','overrides','resolutions','pnpm','patchedDependencies','trustedDependencies','engines','os','cpu','packageManager'];for(const file of process.argv.slice(1)){const all=JSON.parse(fs.readFileSync(file,'utf8').replace(/^\\uFEFF/,''));fs.writeFileSync(file,JSON.stringify(Object.fromEntries(keep.filter(k=>k in all).map(k=>[k,all[k]]))))}","package.json"]

FROM node:24-slim AS install
WORKDIR /app
ENV CI=true
ENV pnpm_config_pm_on_fail=ignore
RUN --mount=type=cache,target=/root/.npm,sharing=shared npm install --global --force pnpm@10
ARG BUILD_ENV_HASH
COPY --from=manifest /app/package.json ./
COPY pnpm-lock.yaml ./
RUN --mount=type=cache,target=/root/.local/share/pnpm/store,sharing=shared pnpm install --frozen-lockfile

FROM node:24-slim
WORKDIR /app
RUN chown 1000:1000 /app
COPY --from=install --chown=1000:1000 /app ./
COPY --chown=1000:1000 . .
ENV NODE_ENV=production PATH=/app/node_modules/.bin:$PATH
USER 1000:1000
CMD ["tsx","src/server.ts"]
