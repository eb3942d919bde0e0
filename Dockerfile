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
ENV NODE_ENV=production
# A small young generation keeps the resident memory low; see docs/performance.md.
ENTRYPOINT ["node", "--max-semi-space-size=2", "/app/square-operator.js"]
USER 65532:65532
EXPOSE 8080 8081
