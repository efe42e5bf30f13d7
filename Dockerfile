# syntax=docker/dockerfile:1
# One Node in the image: the one that package-lock.json pins (the npm package `node`), on plain Debian. The first stage has npm, the
# last one has neither npm nor a second Node. docs/deploy/docker.md says how large it is and what makes it so.

FROM node:24-bookworm-slim AS files
WORKDIR /opt/gapwatch
COPY package.json package-lock.json ./
# The lock file names the workspace; the bot needs nothing of what it installs.
COPY packages/audit-writer/package.json ./packages/audit-writer/
RUN npm ci --omit=dev --workspaces=false --no-audit --no-fund
COPY deploy/container/production-files.sh ./
RUN sh production-files.sh /opt/gapwatch /node && rm -r production-files.sh packages
COPY src ./src
COPY templates ./templates
COPY runbook.yaml LICENSE ./

FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="gapwatch" \
      org.opencontainers.image.description="Incident bot for HIPAA audit log failures" \
      org.opencontainers.image.source="https://github.com/gapwatch/gapwatch" \
      org.opencontainers.image.licenses="Apache-2.0"
# A numeric id, so that Kubernetes can prove that it is not root; a name, because PostgreSQL's initdb asks for one.
RUN groupadd --gid 10001 gapwatch \
 && useradd --uid 10001 --gid 10001 --home-dir /var/lib/gapwatch --shell /usr/sbin/nologin gapwatch \
 && install -d -o 10001 -g 10001 -m 0700 /var/lib/gapwatch
COPY --from=files /node /usr/local/bin/node
COPY --from=files /opt/gapwatch /opt/gapwatch
WORKDIR /opt/gapwatch
USER 10001:10001
# Its database's files and the reports are the only things it writes; the root file system may be read-only.
ENV HOST=0.0.0.0 PORT=3000 NODE_ENV=production \
    GAPWATCH_DATA_DIR=/var/lib/gapwatch/data REPORTS_DIR=/var/lib/gapwatch/reports
EXPOSE 3000
VOLUME ["/var/lib/gapwatch"]
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# node itself is process 1 and gets SIGTERM; run with --init, so that dead processes of the embedded PostgreSQL are reaped.
CMD ["node", "--max-semi-space-size=4", "src/main.ts"]
