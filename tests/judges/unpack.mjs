// Unpacks the Chromium that npm brought, with the libraries and fonts that a bare container lacks:
//   node unpack.mjs FOLDER_OF_NPM FOLDER
import { createReadStream, createWriteStream, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";

const [npm, folder] = process.argv.slice(2);
const { extract } = createRequire(`${npm}/`)("tar-fs");
const unpacked = (name, into) =>
  pipeline(createReadStream(`${npm}/node_modules/@sparticuz/chromium/bin/${name}`), createBrotliDecompress(), into);

await Promise.all([
  unpacked("chromium.br", createWriteStream(`${folder}/chromium`, { mode: 0o755 })),
  ...["al2023", "fonts", "swiftshader"].map((name) => unpacked(`${name}.tar.br`, extract(folder))),
]);
// Its own fonts come after those of the machine, so that text has a size also where there are none.
writeFileSync(
  `${folder}/fonts.conf`,
  `<fontconfig><include ignore_missing="yes">/etc/fonts/fonts.conf</include>
<dir prefix="relative">fonts</dir><cachedir prefix="relative">cache</cachedir></fontconfig>\n`,
);
