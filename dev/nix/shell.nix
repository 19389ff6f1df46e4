# What the work on ccci needs.
{
  mkShell,
  cargo,
  clippy,
  docker-client,
  git,
  gnumake,
  rustc,
  rustfmt,
}:
mkShell {
  packages = [
    cargo
    clippy
    docker-client
    git
    gnumake
    rustc
    rustfmt
  ];
}
