# shellcheck shell=bash
# kernel.sh IMAGE WORKSPACE NEIGHBOUR: on an engine host, tries from WORKSPACE what the kernel must refuse, without any
# network: state "held". Each has its control, state "free": the same command where the one protection is missing.
# State "label" is a container that has lost every namespace that could help, so that its categories alone hold it.
# Prints lines of state, name and result. Nothing is changed but files of its own: values are written back as they are.
set -eu
image=$1 workspace=$2 neighbour=$3
secret=attempt-secret
pid=$(docker inspect --format '{{.State.Pid}}' "$neighbour")
# The first process is the small init; both run under the student's number.
home() {
  docker inspect --format '{{range .Mounts}}{{if eq .Destination "/home/student"}}{{.Source}}{{end}}{{end}}' "$1"
}
level() { tr -d '\0' <"/proc/$(docker inspect --format '{{.State.Pid}}' "$1")/attr/current" | cut -d: -f4-; }
mine=$(home "$workspace") theirs=$(home "$neighbour")

restore() { rm -f "$mine/attempt-id" "$mine/attempt-link" "$theirs/$secret"; }
trap restore EXIT

# As a student's: no capability, the student's number; "free" takes the label away, and what its words say.
loose() { docker run --rm --interactive --network none --user 1000 --cap-drop ALL "$@"; }
free() { loose --security-opt label=disable "$@"; }

# Each line of a table is a name and a command; "done" when the command succeeds.
table() {
  cat <<'INSIDE'
while read -r name command; do
  if answer=$(bash -c "$command" 2>&1 </dev/null); then echo "$name done $answer"; continue; fi
  case $answer in
    *"not permitted"* | *enied* | *"Read-only"*) echo "$name refused" ;;
    *"No such"*) echo "$name invisible" ;;
    *) echo "$name failed $answer" ;;
  esac
done <<'TABLE'
INSIDE
  cat
  echo TABLE
}

writes() {
  cat <<'TABLE'
sysctl read -r old </proc/sys/kernel/threads-max && echo "$old" >/proc/sys/kernel/threads-max
sysrq echo h >/proc/sysrq-trigger
sys read -r old </sys/kernel/mm/ksm/run && echo "$old" >/sys/kernel/mm/ksm/run
cgroup read -r old </sys/fs/cgroup/cgroup.max.depth && echo "$old" >/sys/fs/cgroup/cgroup.max.depth
TABLE
}
device() { echo 'device rm -f /tmp/attempt && mknod /tmp/attempt c 1 3'; }
setuid() { echo "setuid test \$($1/attempt-id -u) = 0 || { echo Permission denied; exit 1; }"; }
others() {
  echo "kill kill -0 $pid"
  echo "memory head -c 1 /proc/$pid/environ"
}

install -m 4755 /usr/bin/id "$mine/attempt-id"
chcon --reference="$mine" "$mine/attempt-id"
echo secret >"$theirs/$secret"
chcon --reference="$theirs" "$theirs/$secret"
chown 1000:1000 "$theirs/$secret"
ln -sf "$theirs/$secret" "$mine/attempt-link"

{
  writes
  device
  setuid /home/student
  others
  echo "path cat $theirs/$secret"
  echo "link cat /home/student/attempt-link"
} | table | docker exec --interactive "$workspace" bash -s | sed 's/^/held /'

{ others; echo "bind cat /mnt/$secret"; } | table |
  loose --pid host --volume "$theirs:/mnt" --security-opt "label=level:$(level "$workspace")" "$image" bash -s |
  sed 's/^/label /'

{ writes; echo "link cat $mine/attempt-link"; } | table | bash -s | sed 's/^/free /'
{ others; echo "path cat $theirs/$secret"; echo "bind cat /mnt/$secret"; setuid /mine; } | table |
  free --pid host --volume "$theirs:/mnt" --volume "$theirs:$theirs" --volume "$mine:/mine" \
    --security-opt no-new-privileges=false "$image" bash -s | sed 's/^/free /'
device | table | free --user 0 --cap-add MKNOD "$image" bash -s | sed 's/^/free /'
