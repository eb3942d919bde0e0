# The image holds Node and the bundled programs, and no shell. Build: docker build -t square-operator .
# Both images are pinned by the digests of their lists of platforms; others can be put in their place. BASE_IMAGE needs Node
# 24 in /nodejs/bin or on the usual PATH, the certificates of authorities, and /tmp.
ARG NODE_IMAGE=docker.io/library/node:24.21.0-bookworm-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6
ARG BASE_IMAGE=gcr.io/distroless/nodejs24-debian13:nonroot@sha256:9eeb7f5887d0e239e78264b06f7f11d2e14be534050481803a9e4728fcdd278e

FROM ${NODE_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY --chmod=0644 LICENSE ./
COPY src src
COPY tools/build.ts tools/
COPY tools/bundle tools/bundle
# In seconds; without it the bill of materials has no time.
ARG SOURCE_DATE_EPOCH
# By itself, not by `npm run build`: that looks after the packages too, and they have just been installed.
RUN ["node", "tools/build.ts"]

FROM ${BASE_IMAGE} AS programs
COPY --from=build --chown=0:0 /src/dist/square-operator.js /src/dist/kubectl-square.js /src/dist/package.json /app/
COPY --from=build --chown=0:0 /src/LICENSE /src/dist/THIRD_PARTY_LICENSES.txt /src/dist/sbom.cdx.json /usr/share/doc/square-operator/
ENV PATH=/nodejs/bin:/usr/local/bin:/usr/bin:/bin

# Compiled code is kept for one user and one set of flags; at run time the folder is only read. Without a seed of its own each
# build would compile to other bytes. The seed is not among the flags that the kept code has to match.
FROM programs AS compiled
USER 65532:65532
ENV NODE_COMPILE_CACHE=/tmp/compile-cache
RUN ["node", "--random-seed=1", "--max-semi-space-size=4", "--max-old-space-size=256", "--no-memory-reducer", "--expose-gc", "/app/square-operator.js", "--help"]

FROM programs
COPY --from=compiled --chown=0:0 --chmod=0755 /tmp/compile-cache /app/compile-cache
# Why these: docs/performance.md.
ENV NODE_ENV=production MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=65536 NODE_COMPILE_CACHE=/app/compile-cache
USER 65532:65532
EXPOSE 8080 8081 8082
ENTRYPOINT ["node", "--max-semi-space-size=4", "--max-old-space-size=256", "--no-memory-reducer", "--expose-gc", "/app/square-operator.js"]
ARG BASE_IMAGE
ARG VERSION=0.1.0
ARG REVISION=unknown
# Where these sources are; only who builds knows.
ARG SOURCE=
LABEL org.opencontainers.image.title="square-operator" \
      org.opencontainers.image.description="A Kubernetes operator that keeps Square OAuth connections alive" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.base.name="${BASE_IMAGE}"
