{
  description = "ccci tests Co-op Cloud recipes through their whole lifecycle on a real Docker Swarm";

  # no lock file is kept: whoever builds takes a nixpkgs that has Rust 1.95 or newer
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      systems = [
        "x86_64-linux"
        "aarch64-linux"
      ];
      each = f: nixpkgs.lib.genAttrs systems (system: f system nixpkgs.legacyPackages.${system});
    in
    {
      packages = each (
        system: pkgs: rec {
          ccci = pkgs.callPackage ./dev/nix/package.nix { };
          default = ccci;
        }
      );

      apps = each (
        system: pkgs: {
          default = {
            type = "app";
            program = "${self.packages.${system}.default}/bin/ccci";
          };
        }
      );

      devShells = each (system: pkgs: { default = pkgs.callPackage ./dev/nix/shell.nix { }; });

      # builds the program and runs the tests that need no Docker
      checks = each (system: pkgs: { default = self.packages.${system}.default; });
    };
}
