#!/bin/sh
# Builds the committed bundle of Lit and uPlot: `make vendor`. Needs node and npm; nobody else does.
# The sources are pinned by package-lock.json (with their hashes); the result by SHA256SUMS.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here/package.json" "$here/package-lock.json" "$here/lit.src.js" "$here/uplot.src.js" "$work/"
cd "$work"
npm ci --no-audit --no-fund --ignore-scripts
for name in lit uplot; do
  ./node_modules/.bin/esbuild "$name.src.js" --bundle --minify --format=esm --target=es2021 \
    --legal-comments=none --outfile="$here/$name.js"
done
cp node_modules/uplot/dist/uPlot.min.css "$here/uplot.css"
cp node_modules/lit/LICENSE "$here/lit.LICENSE"
cp node_modules/uplot/LICENSE "$here/uplot.LICENSE"
cd "$here"
sha256sum lit.js uplot.js uplot.css > SHA256SUMS
cat SHA256SUMS
