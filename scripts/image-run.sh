#!/usr/bin/env bash
# Runs the engine as the image would, without a registry or a container engine: root file system read-only, tmpfs on
# /tmp, user 65532, only the data directory writable; says what /health/ready answers. Linux, as root.
#
# usage: scripts/image-run.sh         this machine's Node from the optional packages
set -euo pipefail
source=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
port=${SERVICE_PORT:-18091}
trap 'rm -rf --one-file-system "$work"' EXIT
mkdir -p "$work/app" "$work/data" "$work/root"
tar -C "$source" -c package.json package-lock.json .npmrc src examples | tar -C "$work/app" -x
(cd "$work/app" && npm ci --omit=dev --ignore-scripts --no-audit --no-fund --silent)
chown 65532:65532 "$work/data"

# The mounts live in a namespace of their own and end with it.
PORT=$port WORK=$work timeout 90 unshare --mount --pid --fork --kill-child bash -euc '
  mount --rbind / "$WORK/root" && mount --make-rslave "$WORK/root" && mount -o remount,bind,ro "$WORK/root"
  mount -t tmpfs tmpfs "$WORK/root/tmp" && mkdir "$WORK/root/tmp/app" "$WORK/root/tmp/data"
  mount --bind "$WORK/app" "$WORK/root/tmp/app" && mount -o remount,bind,ro "$WORK/root/tmp/app"
  mount --bind "$WORK/data" "$WORK/root/tmp/data"
  chroot --userspec=65532:65532 "$WORK/root" /bin/sh -c "
    cd /tmp/app && ! touch written 2>/dev/null && ! touch /etc/written 2>/dev/null || { echo \"not read-only\"; exit 1; }
    NODE_ENV=production DATA_DIR=/tmp/data SERVICE_PORT=$PORT DEVNET_PORT=0 \
      exec ./node_modules/node-linux-*/bin/node --max-semi-space-size=8 --max-old-space-size=512 src/main.ts"
' &
engine=$!
for _ in $(seq 1 80); do
  sleep 1
  kill -0 "$engine" 2>/dev/null || { echo "the engine ended"; exit 1; }
  answer=$(curl -s -m 2 "http://127.0.0.1:$port/health/ready" || true)
  case $answer in *'"status":"ok"'*) echo "ready on a read-only root: $answer"; kill "$engine"; wait "$engine" 2>/dev/null || true; exit 0 ;; esac
done
echo "not ready in time: $answer"
kill "$engine"
exit 1
