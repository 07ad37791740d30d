FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Packages bring their binaries; the image has its own Node.js.
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build

FROM node:24-slim
# Loopback is not reachable from outside the container.
ENV NODE_ENV=production HOST=0.0.0.0
WORKDIR /app
# The bundle contains all packages except these: a native one, two that are loaded late, and static files.
COPY --from=build /app/node_modules/better-sqlite3 node_modules/better-sqlite3
COPY --from=build /app/node_modules/undici node_modules/undici
COPY --from=build /app/node_modules/eld node_modules/eld
COPY --from=build /app/node_modules/@fastify/swagger-ui node_modules/@fastify/swagger-ui
COPY --from=build /app/dist dist
COPY package.json ./
COPY drizzle drizzle
COPY prompts prompts
# The image's user `node`, as a number so that Kubernetes can verify that it is not root.
RUN install -d -o 1000 -g 1000 data
VOLUME /app/data
USER 1000:1000
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 8000) + '/health').then(({ ok }) => process.exit(ok ? 0 : 1))"]
# Without npm or a shell in between, so that signals reach the server.
CMD ["node", "--max-semi-space-size=16", "dist/server.cjs"]
