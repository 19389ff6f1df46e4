# The tools for developing ccci.
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
