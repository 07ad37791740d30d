FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build

FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# The optional packages are a Node.js, which the image has.
RUN npm ci --omit=dev --omit=optional

FROM node:24-slim
# Loopback is not reachable from outside the container.
ENV NODE_ENV=production HOST=0.0.0.0
WORKDIR /app
# The sources are for `node src/commands/db-backup.ts`; the server is in dist.
COPY . .
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/dist dist
# The image's user `node`, as a number for those who check that it is not root.
RUN install -d -o 1000 -g 1000 data
VOLUME /app/data
USER 1000:1000
EXPOSE 8000
# The start reads the whole database once, which takes time if that is large.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 8000) + '/health').then(({ ok }) => process.exit(ok ? 0 : 1))"]
# Without npm or a shell in between, so that signals reach the server.
CMD ["node", "--max-semi-space-size=16", "dist/server.cjs"]
