// Only syntax that the oldest Node.js can parse: this file is also the first part of the bundle.
var major = parseInt(process.versions.node, 10);
if (major < 24) {
  process.stderr.write(
    `needs Node.js 24 or newer, this is ${process.versions.node}: run npm ci without --omit=optional\n`,
  );
  process.exit(1);
}
