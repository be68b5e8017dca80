/** Found through NODE_PATH, which ./run lint sets: nothing is installed in the checkout. */
module.exports = {
    plugins: [require.resolve("@prettier/plugin-xml")],
    bracketSpacing: false,
    printWidth: 100,
    trailingComma: "es5",
    // White space matters in QWeb.
    xmlWhitespaceSensitivity: "preserve",
};
