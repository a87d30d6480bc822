/* The same application in CommonJS: what is an ES module is imported. */
import('@sluice/client').then(
  ({ createSluice, SluiceError }) => {
    const sluice = createSluice({ url: 'http://127.0.0.1:1' });
    const made = [typeof sluice.track, SluiceError.name];
    return sluice.close().then(() => console.log(JSON.stringify({ node: process.versions.node, made })));
  },
  (error) => {
    console.error(error);
    process.exitCode = 1;
  },
);
