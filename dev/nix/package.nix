# The program, with the programs that it calls on its PATH.
{
  lib,
  rustPlatform,
  makeWrapper,
  git,
  docker-client,
}:
let
  root = ../..;
  manifest = builtins.fromTOML (builtins.readFile (root + "/Cargo.toml"));
in
rustPlatform.buildRustPackage {
  pname = "ccci";
  version = manifest.workspace.package.version;
  src = lib.fileset.toSource {
    inherit root;
    fileset = lib.fileset.unions [
      (root + "/Cargo.toml")
      (root + "/Cargo.lock")
      (root + "/src")
      (root + "/scripts-stdlib")
      (root + "/tests")
      (root + "/recipes")
      (root + "/docs")
      (root + "/dev")
      (root + "/README.md")
      (root + "/clippy.toml")
    ];
  };
  cargoLock.lockFile = root + "/Cargo.lock";
  nativeBuildInputs = [ makeWrapper ];
  nativeCheckInputs = [ git ];
  # the tests of the rooms only; those in tests/ need the shell scripts of a checkout
  cargoTestFlags = [
    "--workspace"
    "--lib"
  ];
  postInstall = ''
    wrapProgram $out/bin/ccci --suffix PATH : ${
      lib.makeBinPath [
        git
        docker-client
      ]
    }
  '';
  meta = {
    description = manifest.package.description;
    license = lib.licenses.agpl3Plus;
    mainProgram = "ccci";
    platforms = lib.platforms.linux;
  };
}
