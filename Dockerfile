# docker build -t auxilio . && docker run -p 8000:8000 -p 8001:8001 -v auxilio:/var/lib/auxilio auxilio
# Any command instead of `up`: docker run … auxilio collector.

FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# Not `npm ci`: the lock file has the optional packages of one platform only (docs/decisions/npm-install.md).
RUN npm install --no-save
COPY . .
RUN node scripts/build.ts --vendor && npm prune --omit=dev --no-save

FROM node:24-bookworm-slim
ENV NODE_ENV=production DATA_DIR=/var/lib/auxilio COLLECTOR_HOST=0.0.0.0 WEB_HOST=0.0.0.0
WORKDIR /opt/auxilio
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist dist
COPY --from=build /build/vendor vendor
COPY siglists siglists
COPY config config
COPY package.json LICENSE CHANGELOG.md ./
RUN ln -s /opt/auxilio/dist/app/bin/auxilio.js /usr/local/bin/auxilio \
  && install --directory --owner=node --group=node --mode=0750 /var/lib/auxilio
# By number, so that Kubernetes' runAsNonRoot can tell.
USER 1000:1000
VOLUME /var/lib/auxilio
EXPOSE 8000 8001
# Of `up` and `collector`: red when no report can be accepted. docker-compose.yml says what the others have instead.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.COLLECTOR_PORT || 8001) + '/__heartbeat__').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["auxilio"]
CMD ["up"]
