#!/usr/bin/env bash
# The steps of the image, in this order: install.sh packages jupyter interactive plotly-net course user
# They run as root while the image is built; nothing here is needed, nor possible, when it runs.
# ROOT puts a step's files below another folder, and APT_OPTIONS=--simulate only asks; the tests use both.
set -euo pipefail

ROOT=${ROOT:-}
NB_USER=${NB_USER:-jovyan}
NB_UID=${NB_UID:-1000}
NUGET_PACKAGES=${NUGET_PACKAGES:-/opt/nuget}
KERNELS=$ROOT/usr/local/share/jupyter/kernels # where Jupyter and VS Code look, whichever Python they use

INTERACTIVE=1.0.712001 # the last one
PLOTLY_NET=6.0.0       # as in notebooks/plotly-net.csx

# ip and nft for the experiments, tshark to read captures with other eyes, git for those who fetch the course.
packages() {
    [ -n "${APT_OPTIONS:-}" ] || apt-get update -q
    # shellcheck disable=SC2086 # options are words
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends ${APT_OPTIONS:-} \
        ca-certificates git iproute2 nftables procps python3 python3-venv tshark
    [ -n "${APT_OPTIONS:-}" ] || rm -rf /var/lib/apt/lists/*
}

jupyter() {
    python3 -m venv "$ROOT/opt/jupyter"
    "$ROOT/opt/jupyter/bin/pip" install --no-cache-dir --quiet -r "$(dirname "$0")/jupyter.txt"
}

# The .NET Interactive kernel, as .net-csharp.
interactive() {
    dotnet tool install --tool-path "$ROOT/opt/dotnet-tools" Microsoft.dotnet-interactive --version "$INTERACTIVE"
    mkdir -p "$KERNELS"
    "$ROOT/opt/dotnet-tools/dotnet-interactive" jupyter install --path "$KERNELS"
}

# Into the package cache, so that plotly-net.csx is restored without network.
plotly-net() {
    local project
    project=$(mktemp -d)
    cat >"$project/cache.csproj" <<PROJECT
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup>
  <ItemGroup><PackageReference Include="Plotly.NET.Interactive" Version="$PLOTLY_NET" /></ItemGroup>
</Project>
PROJECT
    NUGET_PACKAGES=$ROOT$NUGET_PACKAGES dotnet restore "$project/cache.csproj"
    rm -rf "$project"
}

# The course, built, and its own kernel under its own name: .net-csharp is taken by now.
course() {
    cd "$ROOT/opt/rst-lab"
    dotnet build --nologo -v q
    dotnet run --no-build --project src/RstLab.Course -- kernel install --prefix "$ROOT/usr/local"
}

# The user whom a hub starts, with a home that can be written and packages that can be added. Who has the number already goes.
user() {
    local prefix=() there
    [ -z "$ROOT" ] || prefix=(--prefix "$ROOT")
    there=$(awk -F: -v uid="$NB_UID" '$3 == uid { print $1 }' "$ROOT/etc/passwd")
    if [ "$there" != "$NB_USER" ]; then
        [ -z "$there" ] || { userdel "${prefix[@]}" "$there" && rm -rf "$ROOT/home/$there"; }
        useradd "${prefix[@]}" --uid "$NB_UID" --user-group --create-home --shell /bin/bash "$NB_USER"
    fi
    mkdir -p "$ROOT/home/$NB_USER" "$ROOT$NUGET_PACKAGES"
    chown -R "$NB_UID" "$ROOT/home/$NB_USER" "$ROOT$NUGET_PACKAGES"
}

[ $# -gt 0 ] || set -- help
for step in "$@"; do
    case $step in
    packages | jupyter | interactive | plotly-net | course | user) "$step" ;;
    *)
        echo "There is no step '$step'. The steps: packages jupyter interactive plotly-net course user" >&2
        exit 2
        ;;
    esac
done
