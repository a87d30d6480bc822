# syntax=docker/dockerfile:1
# One image for every service: `docker run IMAGE intake|worker|console|emulator`, and the command line: `docker run IMAGE status`.
FROM node:26-bookworm-slim AS packages
WORKDIR /sluice
COPY . .
# Without development packages: the image brings its own Node, and the sources run as they are.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && npm cache clean --force

FROM node:26-bookworm-slim
LABEL org.opencontainers.image.title="Sluice" org.opencontainers.image.licenses="MIT"
# Ports of a container are published by whoever runs it; without keys the services refuse to listen beyond the machine.
ENV NODE_ENV=production SLUICE_BIND=0.0.0.0
WORKDIR /sluice
# Owned by root and run by somebody else: a process that is taken over cannot change what runs next. Nothing is written at run time.
COPY --from=packages /sluice /sluice
# An empty volume takes its owner from here: API keys, and the emulator's ledger.
RUN install -d -o 1000 -g 1000 /keys /data
USER 1000:1000
EXPOSE 8080 8081 8090 9464
# Asks the service that runs in the container; one that only runs a command of the command line is well.
HEALTHCHECK --interval=10s --timeout=6s --start-period=20s --retries=3 CMD ["node", "deploy/compose/is-ready.ts"]
ENTRYPOINT ["node", "services/cli/src/main.ts"]
CMD ["help"]
