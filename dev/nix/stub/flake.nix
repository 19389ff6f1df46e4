# A stub for nixpkgs where it is not available, with just enough to evaluate ccci's flake.
{
  outputs =
    { self }:
    let
      lib = {
        genAttrs = names: f: builtins.listToAttrs (map (name: { inherit name; value = f name; }) names);
        makeBinPath = packages: builtins.concatStringsSep ":" (map (p: "${p}/bin") packages);
        fileset.unions = files: files;
        fileset.toSource = { root, fileset }: builtins.seq (map builtins.pathExists fileset) root;
        licenses.agpl3Plus = "AGPL-3.0-or-later";
        platforms.linux = [ "x86_64-linux" "aarch64-linux" ];
      };
      package =
        system: name: attributes:
        derivation { inherit name system; builder = "/bin/sh"; } // attributes;
      pkgs =
        system:
        let
          named = name: package system name { };
          all = {
            inherit lib;
            rustPlatform.buildRustPackage =
              a: package system "${a.pname}-${a.version}" { inherit (a) pname version meta cargoLock; };
            mkShell = a: package system "shell" { inputs = a.packages; };
          }
          // lib.genAttrs [ "cargo" "clippy" "docker-client" "git" "gnumake" "makeWrapper" "rustc" "rustfmt" ] named;
        in
        all
        // {
          # an argument that the stub does not have is an error
          callPackage =
            file: more:
            let
              f = import file;
            in
            f (builtins.intersectAttrs (builtins.functionArgs f) all // more);
        };
    in
    {
      inherit lib;
      legacyPackages = lib.genAttrs [ "x86_64-linux" "aarch64-linux" ] pkgs;
    };
}
