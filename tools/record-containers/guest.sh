#!/usr/bin/env bash
# In the guest, as root under systemd: runs containers by each runtime and writes what record-containers.sh promises,
# as a tar, onto the second disk. Without arguments it runs all cases, each in a process of its own, so that one that
# fails ends neither the others nor the recording.
#
#   guest.sh [case NAME]
set -euo pipefail
export LC_ALL=C HOME=/root

results=/record/results
image=registry.example/web:1
pause=registry.example/pause:1
archive=/var/tmp/image.tar
sleep_command=(sleep 86400)
task=/run/containerd/io.containerd.runtime.v2.task

say() { printf 'record: %s\n' "$*"; }

# wait_for COMMAND...: until it succeeds, a minute at most.
wait_for() {
  local tries
  for ((tries = 0; tries < 120; tries++)); do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.5
  done
  say "in vain: $*"
  return 1
}

# keep CASE FILE...: copies those files that are there.
keep() {
  local case=$1 file
  shift
  for file; do
    [[ -e $file ]] || continue
    mkdir -p "$results/$case${file%/*}"
    cp "$file" "$results/$case$file"
  done
}

# note CASE NAME ID PID
note() {
  local to=$results/$1 monitor
  [[ $4 -gt 1 ]]
  mkdir -p "$to"
  printf '%s\n' "$2" >"$to/name"
  printf '%s\n' "$3" >"$to/id"
  cat "/proc/$4/cgroup" >"$to/cgroup"
  monitor=$(awk '$1 == "PPid:" { print $2 }' "/proc/$4/status")
  cat "/proc/$monitor/comm" >"$to/monitor"
  cat "/proc/$monitor/cgroup" >"$to/monitor-cgroup"
}

# --- docker

docker_with() { # DRIVER
  mkdir -p /etc/docker
  printf '{"exec-opts": ["native.cgroupdriver=%s"], "iptables": false, "ip6tables": false, "bridge": "none"}\n' "$1" \
    >/etc/docker/daemon.json
  systemctl stop docker.service docker.socket
  systemctl reset-failed docker.service docker.socket 2>/dev/null || true
  systemctl start docker.service
}

docker_case() { # CASE DRIVER [OPTION...]
  local case=$1 driver=$2 id
  shift 2
  docker_with "$driver"
  id=$(docker run -d --name web-1 --network none "$@" "$image")
  note "$case" web-1 "$id" "$(docker inspect --format '{{.State.Pid}}' "$id")"
  keep "$case" "/var/lib/docker/containers/$id/config.v2.json"
  docker rm -f "$id" >/dev/null
}

# A privileged container that puts a process of its own further down.
docker_privileged() {
  local case=docker-privileged id pid
  docker_with systemd
  # shellcheck disable=SC2016 # expanded in the container
  id=$(docker run -d --name build-1 --network none --privileged "$image" sh -c '
    sleep 86400 &
    for root in /sys/fs/cgroup /sys/fs/cgroup/*; do
      # Version 1 has a root for each controller; cpuset would want values first.
      if [ -e "$root/cgroup.procs" ] && [ "$root" != /sys/fs/cgroup/cpuset ]; then
        mkdir -p "$root/build" && echo $! >"$root/build/cgroup.procs"
        [ "$root" = /sys/fs/cgroup ] && break
      fi
    done
    touch /done
    wait')
  wait_for docker exec "$id" cat /done
  pid=$(docker inspect --format '{{.State.Pid}}' "$id")
  note "$case" build-1 "$id" "$pid"
  cat "/proc/$(pgrep -P "$pid" -x sleep)/cgroup" >"$results/$case/sub-cgroup"
  keep "$case" "/var/lib/docker/containers/$id/config.v2.json"
  docker rm -f "$id" >/dev/null
}

# --- containerd by its own client

ctr_case() { # CASE ID
  local case=$1 id=$2
  ctr run -d "$image" "$id" "${sleep_command[@]}"
  note "$case" "$id" "$id" "$(ctr task ls | awk -v id="$id" '$1 == id { print $2 }')"
  keep "$case" "$task/default/$id/config.json"
  ctr task kill --signal SIGKILL "$id"
  ctr task rm "$id" >/dev/null 2>&1 || true
}

# --- containerd by the kubelet's interface

# cri METHOD: request on standard input and answer on standard output, both as protobuf text. gRPC is HTTP/2 with each
# message after a zero and its length in four bytes.
cri() {
  local dir
  dir=$(mktemp -d)
  protoc -I /record --encode="runtime.v1.$1Request" cri.proto >"$dir/message"
  {
    printf '%b' "$(printf '%010x' "$(stat --format=%s "$dir/message")" | sed 's/../\\x&/g')"
    cat "$dir/message"
  } >"$dir/frame"
  curl --silent --show-error --max-time 300 --http2-prior-knowledge --unix-socket /run/containerd/containerd.sock \
    --header 'Content-Type: application/grpc' --header 'TE: trailers' --data-binary "@$dir/frame" \
    --dump-header "$dir/headers" --output "$dir/answer" "http://localhost/runtime.v1.RuntimeService/$1"
  if ! grep -q '^grpc-status: 0' "$dir/headers"; then
    say "$1: $(grep '^grpc-' "$dir/headers")" >&2
    return 1
  fi
  tail -c +6 "$dir/answer" | protoc -I /record --decode="runtime.v1.$1Response" cri.proto
  rm -r "$dir"
}

value() { sed -n 's/^[a-z_]*: "\(.*\)"$/\1/p'; }

cri_task_pid() { ctr -n k8s.io task ls | awk -v id="$1" '$1 == id { print $2 }'; }

cri_case() { # CASE SYSTEMD_CGROUP CGROUP_PARENT POD_UID
  local case=$1 systemd=$2 parent=$3 uid=$4 config sandbox id image_id
  cat >/etc/containerd/config.toml <<TOML
version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$pause"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = $systemd
TOML
  systemctl restart containerd.service
  # The kubelet makes a pod's cgroup first.
  if [[ $parent == *.slice ]]; then
    systemctl start "${parent##*/}"
  else
    make_cgroup "$parent"
  fi
  config="
    metadata { name: \"web-5d4f8c7b9-x2x7k\" uid: \"$uid\" namespace: \"shop\" }
    log_directory: \"/var/log/pods/shop_web-5d4f8c7b9-x2x7k_$uid\"
    labels { key: \"app\" value: \"web\" }
    labels { key: \"io.kubernetes.pod.name\" value: \"web-5d4f8c7b9-x2x7k\" }
    labels { key: \"io.kubernetes.pod.namespace\" value: \"shop\" }
    labels { key: \"io.kubernetes.pod.uid\" value: \"$uid\" }
    annotations { key: \"kubernetes.io/config.source\" value: \"api\" }
    linux {
      cgroup_parent: \"$parent\"
      security_context { namespace_options { network: NODE pid: CONTAINER } }
    }"
  sandbox=$(cri RunPodSandbox <<<"config { $config }" | value)
  # The kubelet asks for an image by its id.
  image_id=$(</var/tmp/image-id)
  id=$(cri CreateContainer <<TEXT | value
    pod_sandbox_id: "$sandbox"
    config {
      metadata { name: "web" }
      image { image: "$image_id" }
      labels { key: "io.kubernetes.container.name" value: "web" }
      labels { key: "io.kubernetes.pod.name" value: "web-5d4f8c7b9-x2x7k" }
      labels { key: "io.kubernetes.pod.namespace" value: "shop" }
      labels { key: "io.kubernetes.pod.uid" value: "$uid" }
      annotations { key: "io.kubernetes.container.restartCount" value: "0" }
      log_path: "web/0.log"
      linux {
        resources { cpu_shares: 102 memory_limit_in_bytes: 134217728 oom_score_adj: 968 }
        security_context { namespace_options { network: NODE pid: CONTAINER } }
      }
    }
    sandbox_config { $config }
TEXT
  )
  cri StartContainer <<<"container_id: \"$id\""
  note "$case" web "$id" "$(cri_task_pid "$id")"
  keep "$case" "$task/k8s.io/$id/config.json"
  note "$case-sandbox" web-5d4f8c7b9-x2x7k "$sandbox" "$(cri_task_pid "$sandbox")"
  keep "$case-sandbox" "$task/k8s.io/$sandbox/config.json"
  cri RemovePodSandbox <<<"pod_sandbox_id: \"$sandbox\""
}

make_cgroup() {
  local root
  if [[ -e /sys/fs/cgroup/cgroup.procs ]]; then
    mkdir -p "/sys/fs/cgroup$1"
    return
  fi
  for root in /sys/fs/cgroup/*/; do
    mkdir -p "$root$1"
  done
}

# --- podman

# Podman leaves the monitor where it is if it finds itself in a service; here it shall be as from a shell.
unset INVOCATION_ID

podman_keep() { # CASE ID [STORAGE RUN]
  local at
  for at in "${3:-/var/lib/containers/storage}" "${4:-/run/containers/storage}"; do
    at+=/overlay-containers
    keep "$1" "$at/containers.json" "$at/volatile-containers.json" "$at/$2/userdata/config.json"
  done
}

podman_note() { # CASE NAME
  local id
  id=$(podman inspect --format '{{.Id}}' "$2")
  note "$1" "$2" "$id" "$(podman inspect --format '{{.State.Pid}}' "$2")"
  podman_keep "$1" "$id"
}

podman_case() { # CASE MANAGER
  podman --cgroup-manager="$2" run -d --name web-1 --network none "$image" >/dev/null
  podman_note "$1" web-1
  podman --cgroup-manager="$2" rm -f -t 0 web-1 >/dev/null
}

podman_pod_case() { # CASE MANAGER
  local infra pod
  podman --cgroup-manager="$2" pod create --name shop --network none >/dev/null
  # Podman 4.3 makes this cgroup with a filter that denies the pod's containers all devices, /dev/null too. crun makes
  # it again, without.
  pod=/sys/fs/cgroup/libpod_parent/$(podman pod inspect --format '{{.Id}}' shop)
  if [[ -e $pod ]]; then rmdir "$pod"; fi
  podman --cgroup-manager="$2" run -d --pod shop --name web-1 "$image" >/dev/null
  podman_note "$1" web-1
  infra=$(podman pod inspect --format '{{.InfraContainerID}}' shop)
  podman_note "$1-infra" "$(podman inspect --format '{{.Name}}' "$infra")"
  podman --cgroup-manager="$2" pod rm -f -t 0 shop >/dev/null
}

podman_split() {
  systemctl start web.service
  podman_note podman-split systemd-web
  # Its sleep is a process 1, which no signal but SIGKILL ends.
  podman rm -f -t 0 systemd-web >/dev/null
}

# In a session, as after a login. Debian has no storage.conf, for want of which a user's Podman takes the vfs driver;
# other distributions set overlay.
user_podman() { runuser -l user -c "$(printf '%q ' podman --storage-driver overlay "$@")"; }

podman_rootless() {
  local case=podman-rootless id uid
  uid=$(id -u user)
  loginctl enable-linger user
  wait_for test -S "/run/user/$uid/bus"
  user_podman load --quiet --input "$archive"
  id=$(user_podman run -d --name web-1 --network none "$image")
  note "$case" web-1 "$id" "$(user_podman inspect --format '{{.State.Pid}}' web-1)"
  podman_keep "$case" "$id" /home/user/.local/share/containers/storage "/run/user/$uid/containers"
}

# --- all

random_id() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

cases=(
  docker-systemd docker-cgroupfs docker-systemd-parent docker-cgroupfs-parent docker-privileged
  ctr ctr-hex-id
  cri-systemd cri-cgroupfs cri-mismatch
  podman-systemd podman-cgroupfs podman-pod-systemd podman-pod-cgroupfs podman-split podman-rootless
)

run_case() {
  local uid pod
  case $1 in
    docker-systemd) docker_case "$1" systemd ;;
    docker-cgroupfs) docker_case "$1" cgroupfs ;;
    docker-systemd-parent) docker_case "$1" systemd --cgroup-parent shop.slice ;;
    docker-cgroupfs-parent) docker_case "$1" cgroupfs --cgroup-parent /shop ;;
    docker-privileged) docker_privileged ;;
    ctr) ctr_case "$1" web-1 ;;
    ctr-hex-id) ctr_case "$1" "$(random_id)" ;;
    cri-*)
      uid=$(</proc/sys/kernel/random/uuid)
      pod=/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${uid//-/_}.slice
      case $1 in
        cri-systemd) cri_case "$1" true "$pod" "$uid" ;;
        cri-cgroupfs) cri_case "$1" false "/kubepods/burstable/pod$uid" "$uid" ;;
        # The kubelet takes systemd's names, containerd does not know of it.
        cri-mismatch) cri_case "$1" false "$pod" "$uid" ;;
      esac
      ;;
    podman-systemd) podman_case "$1" systemd ;;
    podman-cgroupfs) podman_case "$1" cgroupfs ;;
    podman-pod-systemd) podman_pod_case "$1" systemd ;;
    podman-pod-cgroupfs) podman_pod_case "$1" cgroupfs ;;
    podman-split) podman_split ;;
    podman-rootless) podman_rootless ;;
  esac
}

make_image() {
  local root applet
  root=$(mktemp -d)
  mkdir -p "$root"/{bin,dev,etc,proc,sys,tmp}
  cp /bin/busybox "$root/bin/"
  for applet in sh sleep mkdir cat touch; do
    ln -s busybox "$root/bin/$applet"
  done
  docker_with systemd
  tar -C "$root" -c . | docker import --change 'ENV PATH=/bin' --change 'CMD ["sleep", "86400"]' - "$image"
  # Not the same but for its name: an image with two names is called by either.
  tar -C "$root" -c . | docker import --change 'ENV PATH=/bin' --change 'CMD ["sleep", "infinity"]' - "$pause"
  docker image inspect --format '{{.Id}}' "$image" >/var/tmp/image-id
  docker save --output "$archive" "$image" "$pause"
  chmod a+r "$archive"
  ctr images import "$archive"
  ctr -n k8s.io images import "$archive"
  podman load --quiet --input "$archive"
}

versions() {
  uname -r
  sed -n 's/^PRETTY_NAME="\(.*\)"$/\1/p' /etc/os-release
  cat /etc/debian_version
  systemctl --version | head -n 1
  docker version --format 'docker {{.Client.Version}}, dockerd {{.Server.Version}}'
  docker info --format 'docker storage {{.Driver}}'
  # What it takes if it is not told.
  echo '{"iptables": false, "ip6tables": false, "bridge": "none"}' >/etc/docker/daemon.json
  systemctl restart docker.service
  docker info --format 'docker by default: cgroup driver {{.CgroupDriver}}, cgroup version {{.CgroupVersion}}'
  containerd --version
  runc --version
  podman --version
  podman info --format 'podman: cgroup manager {{.Host.CgroupManager}}, {{.Host.CgroupsVersion}}, storage {{.Store.GraphDriverName}}, runtime {{.Host.OCIRuntime.Name}}'
  conmon --version | head -n 1
  crun --version
  dpkg-query --show --showformat '${Package} ${Version}\n' docker.io containerd runc podman crun conmon
  printf 'kernel arguments: '
  cat /proc/cmdline
}

if [[ ${1-} == case ]]; then
  run_case "$2"
  exit
fi

mkdir -p "$results"
: >"$results/FAILED"
make_image
versions >"$results/VERSIONS" 2>&1 || echo VERSIONS >>"$results/FAILED"
for case in "${cases[@]}"; do
  say "$case"
  if ! bash "$0" case "$case"; then
    say "$case failed"
    echo "$case" >>"$results/FAILED"
  fi
done
tar -C "$results" -cf /dev/nvme0n2 .
sync
say "done"
