# The image holds Node and one bundled file. Build: docker build -t square-operator .
ARG NODE_IMAGE=docker.io/library/node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY src src
COPY tools tools
# By itself, not by `npm run build`: that looks after the packages too, and they have just been installed.
RUN node tools/build.ts

FROM ${NODE_IMAGE}
COPY --from=build /src/dist/ /app/
# Why these: docs/performance.md.
ENV NODE_ENV=production MALLOC_ARENA_MAX=2
ENTRYPOINT ["node", "--max-semi-space-size=4", "--max-old-space-size=256", "--expose-gc", "/app/square-operator.js"]
# Compiled code is kept for one user and one set of flags; at run time the folder is only read.
RUN install -d -o 65532 -g 65532 /app/compile-cache
USER 65532:65532
ENV NODE_COMPILE_CACHE=/app/compile-cache
RUN node --max-semi-space-size=4 --max-old-space-size=256 --expose-gc /app/square-operator.js --help > /dev/null
EXPOSE 8080 8081 8082
