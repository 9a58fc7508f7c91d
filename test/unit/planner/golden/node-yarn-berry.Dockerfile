# preset: node
# why: `package.json` with a start script (`node dist/index.js`)
# why: yarn from `packageManager`
# why: Node 24, the default (no version is asked for)
# why: build script found
# base images: node:24-slim
# context: /
# output: {"type":"image"}

# Only the fields that decide what is installed, so that other edits of package.json keep the layer.
FROM node:24-slim AS manifest
WORKDIR /app
COPY package.json ./
RUN ["node","-e","const fs=require('fs'),keep=['dependencies','devDependencies','optionalDependencies','peerDependencies','dependenciesMeta','peerDependenciesMeta','overrides','resolutions','pnpm','patchedDependencies','trustedDependencies','engines','os','cpu','packageManager'];for(const file of process.argv.slice(1)){const all=JSON.parse(fs.readFileSync(file,'utf8').replace(/^\\uFEFF/,''));fs.writeFileSync(file,JSON.stringify(Object.fromEntries(keep.filter(k=>k in all).map(k=>[k,all[k]]))))}","package.json"]

FROM node:24-slim AS packages
WORKDIR /app
ENV CI=true
ENV YARN_NODE_LINKER=node-modules
ENV YARN_ENABLE_TELEMETRY=0
RUN npm install --global --force @yarnpkg/cli-dist@4.9.1
COPY --from=manifest /app/package.json ./
COPY yarn.lock .yarnrc.yml ./

FROM packages AS production
RUN yarn install --immutable

FROM packages AS install
RUN yarn install --immutable

FROM install AS build
COPY . .
RUN yarn run build
RUN rm -rf node_modules

FROM node:24-slim
WORKDIR /app
RUN chown 1000:1000 /app
COPY --from=production --chown=1000:1000 /app ./
COPY --from=build --chown=1000:1000 /app/ ./
ENV NODE_ENV=production PATH=/app/node_modules/.bin:$PATH
USER 1000:1000
CMD ["node","dist/index.js"]
