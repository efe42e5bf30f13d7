# Node 24 is both the image's and, as on every machine, the project's own from node_modules.
FROM node:24-bookworm-slim

WORKDIR /opt/gapwatch
COPY package.json package-lock.json ./
# The lock file names the workspace; the bot needs nothing of what it installs.
COPY packages/audit-writer/package.json ./packages/audit-writer/
RUN npm ci --omit=dev --workspaces=false
COPY src ./src
COPY templates ./templates
COPY runbook.yaml ./
COPY docs/incidents ./docs/incidents

# The store's files and the reports are the only things it writes.
RUN mkdir -p data && chown -R node:node data docs/incidents
USER node
ENV HOST=0.0.0.0 PORT=3000
EXPOSE 3000
VOLUME ["/opt/gapwatch/data", "/opt/gapwatch/docs/incidents"]
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# node itself is process 1 and gets SIGTERM; run with --init so that dead processes are reaped.
CMD ["node", "--max-semi-space-size=4", "src/main.ts"]
