#!/bin/busybox sh
# The virtual board's first process: loads the drivers, then runs the commands
# that the test sends over the serial line, one a line, and answers each with
# its exit code.
export PATH=/bin LD_LIBRARY_PATH=/lib
/bin/busybox --install -s /bin
stty -echo
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs run /run
ln -sf /proc/self/fd /dev/fd
dmesg -n 1

while read -r module options; do
  [ "$module" = vivid ] && camera_options=$options
  insmod "/modules/$module.ko" $options || echo "insmod $module failed"
done </modules/order
mount -t configfs config /sys/kernel/config

# Where the board has a disk, what is to outlast a reset lies on it.
if [ -b /dev/vda ]; then
  mkdir -p /disk
  mount -t ext4 /dev/vda /disk || echo "the disk cannot be mounted"
  for folder in etc/normwatch var/lib/normwatch; do
    mkdir -p /disk/$folder
    mount --bind /disk/$folder /$folder
  done
fi

# The simulated chip that boards/virtual.toml describes.
sim=/sys/kernel/config/gpio-sim/board
mkdir -p $sim/bank
echo 8 >$sim/bank/num_lines
echo normwatch-sim >$sim/bank/label
offset=0
for name in ALARM FAULT ACK ARM; do
  mkdir $sim/bank/line$offset
  echo $name >$sim/bank/line$offset/name
  offset=$((offset + 1))
done
echo 1 >$sim/live
chip=$(cat $sim/bank/chip_name)
lines=/sys/devices/platform/$(cat $sim/dev_name)/$chip

# within SECONDS COMMAND...: tries a command until it succeeds.
within() {
  tries=$(($1 * 5))
  shift
  until "$@" >/dev/null 2>&1; do
    tries=$((tries - 1))
    [ $tries -le 0 ] && return 1
    sleep 0.2
  done
}

camera=/dev/video0
load_camera() { insmod /modules/vivid.ko $camera_options "$@"; }

echo "normwatch-board ready: $(uname -m) $(uname -r)"
while read -r id command; do
  # Through a file: what sees a terminal may draw progress on it.
  eval "$command" >/run/output 2>&1 </dev/null
  status=$?
  cat /run/output
  echo
  echo "normwatch-board $id exit $status"
done
