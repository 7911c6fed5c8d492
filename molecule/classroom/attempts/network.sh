# shellcheck shell=bash
# network.sh IMAGE WORKSPACE NEIGHBOUR HOST MACHINE: on an engine host, tries from WORKSPACE to reach what it must not:
# held by the classroom's packet filter alone, and, as the control, free of it. Prints lines of state, name and result.
#
# "Outside" is a container with a wire of its own to the host: an address in the open world, and that of metadata
# services. The "forger" may do what no workspace may: take a neighbour's address, open raw sockets.
set -eu
image=$1 workspace=$2 neighbour=$3 host=$4 machine=$5
open=198.51.100.2 metadata=169.254.169.254
address() { docker inspect --format "{{range .NetworkSettings.Networks}}{{.$2}}{{end}}" "$1"; }
reverse_path=$(cat /proc/sys/net/ipv4/conf/all/rp_filter)

restore() {
  iptables --delete DOCKER-USER --jump ACCEPT 2>/dev/null || true
  nft list set inet bulkhead bridges >/dev/null 2>&1 || systemctl restart bulkhead-firewall.service
  echo "$reverse_path" >/proc/sys/net/ipv4/conf/all/rp_filter
  docker exec "$neighbour" pkill -f 'httpd -f -p 9000' || true
  ip link delete attempt0 2>/dev/null || true
  docker rm --force attempt-outside attempt-forger >/dev/null 2>&1 || true
  docker network rm attempt >/dev/null 2>&1 || true
}

prepare() {
  docker network create --opt com.docker.network.bridge.name=br-attempt attempt >/dev/null
  docker run --detach --name attempt-outside --network none "$image" busybox httpd -f -p 8080 -h /etc/skel >/dev/null
  docker run --detach --name attempt-forger --network attempt --user 0 --security-opt label=disable \
    --cap-drop ALL --cap-add NET_ADMIN --cap-add NET_RAW "$image" sleep 600 >/dev/null
  outside=$(docker inspect --format '{{.State.Pid}}' attempt-outside)
  ip link add attempt0 type veth peer name attempt1 netns "$outside"
  ip address add 198.51.100.1/30 dev attempt0
  ip link set attempt0 up
  nsenter --target "$outside" --net sh -ec "
    ip address add $open/30 dev attempt1; ip address add $metadata/32 dev attempt1
    ip link set attempt1 up; ip route add default via 198.51.100.1"
  ip route add $metadata/32 via $open
  docker exec attempt-forger sh -ec "
    busybox ip address add $there/32 dev eth0
    busybox ip route add $open/32 via $(address attempt-forger Gateway) src $there"
  docker exec --detach "$neighbour" busybox httpd -f -p 9000 -h /etc/skel
  # Neither the engine's rules nor the kernel's look at sources may hold what ours should.
  iptables --insert DOCKER-USER --jump ACCEPT
  echo 0 | tee /proc/sys/net/ipv4/conf/all/rp_filter >/proc/sys/net/ipv4/conf/br-attempt/rp_filter
}

# All at once. A refusal is an answer too: whoever refuses was reached.
reach() {
  docker exec --interactive "$workspace" bash -s -- "$@" <<'INSIDE'
try() {
  answer=$(timeout 3 bash -c "exec 3<>/dev/tcp/${2/://}" 2>&1) && { echo "$1 connected"; return; }
  case $answer in
    *refused*) echo "$1 answered" ;;
    *"No route to host"* | *"is unreachable"*) echo "$1 unreachable" ;;
    "") echo "$1 silent" ;;
    *) echo "$1 ${answer##*: }" ;;
  esac
}
for word; do try "${word%%=*}" "${word#*=}" & done
wait
INSIDE
}

# Datagrams that came to a closed port of outside's: nobody but the forger sends any.
heard() { docker exec attempt-outside sed -n 's/^Udp: [0-9]* \([0-9]*\) .*/\1/p' /proc/net/snmp; }

forge() {
  before=$(heard)
  docker exec attempt-forger bash -c "echo forged >/dev/udp/$open/9999"
  sleep 0.5
  if [ "$(heard)" -gt "$before" ]; then echo "forged heard"; else echo "forged unheard"; fi
}

allowed() {
  name=$1
  shift
  answer=$("$@" 2>&1) && { echo "$name done"; return; }
  case $answer in *"not permitted"* | *enied*) echo "$name refused" ;; *) echo "$name $answer" ;; esac
}

attempts() {
  reach neighbour="$there:9000" gateway-ssh="$gateway:22" gateway-closed="$gateway:1" host-ssh="$host:22" \
    machine="$machine:443" metadata="$metadata:8080" open="$open:8080"
  forge
}

# From one who may send raw packets, and may take addresses; or may not.
send() {
  allowed raw docker exec "$1" busybox arping -c 1 -w 2 -I eth0 "$(address "$1" Gateway)"
  allowed address docker exec "$1" busybox ip address add 198.51.100.77/32 dev eth0
}

there=$(address "$neighbour" IPAddress)
gateway=$(address "$workspace" Gateway)
trap restore EXIT
prepare
{ attempts; send "$workspace"; } | sed 's/^/held /'
nft delete table inet bulkhead
{ attempts; send attempt-forger; } | sed 's/^/free /'
