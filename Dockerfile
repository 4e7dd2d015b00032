# Debian, not Alpine: the store's native module has no prebuilt binary for musl on arm64.
ARG NODE_VERSION=24
FROM node:${NODE_VERSION}-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The base image brings Node, so the optional packages that carry it stay out; no install script has to run.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund \
  && npm cache clean --force \
  # The native module loads here or the image is not built.
  && node -e "require('classic-level')"

FROM node:${NODE_VERSION}-bookworm-slim
ARG VERSION=unknown
ARG VCS_REF=unknown
ARG BUILD_DATE=unknown
LABEL org.opencontainers.image.title="lucid-tron" \
  org.opencontainers.image.description="Payment engine for TRON that never pays twice" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${VCS_REF}" \
  org.opencontainers.image.created="${BUILD_DATE}"
ENV NODE_ENV=production VERSION=${VERSION} VCS_REF=${VCS_REF} BUILD_DATE=${BUILD_DATE}
WORKDIR /app
# Before VOLUME, or the volume would belong to root and the engine could not open its store.
RUN install -d -o 65532 -g 65532 -m 0700 /data && rm -rf /usr/local/lib/node_modules /opt/yarn-* /usr/local/bin/npm /usr/local/bin/npx
COPY --from=packages /app/node_modules ./node_modules
COPY package.json ./
COPY src ./src
COPY examples ./examples
# `docker exec <container> node src/cli/token.ts …` makes and revokes API tokens: as this user, or the engine could not
# read what it writes.
USER 65532:65532
VOLUME /data
# Only /data is written to: the root file system may be read-only, with a tmpfs on /tmp. Inside a container the network
# of the container is the boundary, so the API listens on all of it.
ENV DATA_DIR=/data SERVICE_HOST=0.0.0.0
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "const p=process.env.SERVICE_PORT||process.env.TRON_CLIENT_PORT||8091;fetch(`http://127.0.0.1:${p}/health`,{signal:AbortSignal.timeout(4000)}).then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
# A small young generation halves the resident memory for a seventh of the throughput: right for a Pi.
CMD ["node", "--max-semi-space-size=8", "--max-old-space-size=512", "src/main.ts"]
