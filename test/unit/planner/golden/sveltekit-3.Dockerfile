# preset: sveltekit
# why: dependency `@sveltejs/kit` in package.json
# why: `@sveltejs/adapter-node`
# why: started by `node server`
# why: npm from `package-lock.json`
# why: Node 24, the default (no version is asked for)
# why: build script found
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
ENV NPM_CONFIG_AUDIT=false
ENV NPM_CONFIG_FUND=false
ENV NPM_CONFIG_UPDATE_NOTIFIER=false
ARG BUILD_ENV_HASH
COPY --from=manifest /app/package.json ./
COPY package-lock.json ./
RUN --mount=type=cache,target=/root/.npm,sharing=shared npm ci || { code=$?; [ "$code" -eq 1 ] || exit "$code"; echo "npm ci failed; trying npm install once" >&2; npm install; }

FROM install AS production
RUN --mount=type=cache,target=/root/.npm,sharing=shared npm prune --omit=dev --ignore-scripts

FROM install AS build
COPY . .
RUN --mount=type=cache,target=/app/node_modules/.cache,sharing=private npm run build
RUN ["node","-e","require('fs').cpSync('/app','/built',{recursive:true,verbatimSymlinks:true,filter:path=>!process.argv.includes(path)})","/app/node_modules","/app/.svelte-kit"]

FROM node:24-slim
WORKDIR /app
RUN chown 1000:1000 /app
COPY --from=production --chown=1000:1000 /app ./
COPY --from=build --chown=1000:1000 /built/ ./
ENV NODE_ENV=production HOST=0.0.0.0 PATH=/app/node_modules/.bin:$PATH
USER 1000:1000
CMD ["node","server"]
