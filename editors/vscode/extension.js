// Starts `ccci lsp` and shows what it says. Everything else is in the server.
const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

exports.activate = (context) => {
  const command = vscode.workspace.getConfiguration("ccci").get("path");
  const files = ["**/*.rhai", "**/recipe.toml", "**/compose*.yml", "**/.env*"];
  client = new LanguageClient(
    "ccci",
    "ccci",
    { command, args: ["lsp"] },
    {
      documentSelector: files.map((pattern) => ({ scheme: "file", pattern })),
      synchronize: { fileEvents: files.map((f) => vscode.workspace.createFileSystemWatcher(f)) },
    },
  );
  context.subscriptions.push(client);
  return client.start();
};

exports.deactivate = () => client?.stop();
