SUMMARY = "Alarm on what is not normal in front of a fixed camera"
DESCRIPTION = "Learns what is normal in front of one fixed camera and switches a \
GPIO line when it sees something else."
LICENSE = "MIT | Apache-2.0"
LIC_FILES_CHKSUM = " \
    file://LICENSE;md5=45be75a643e59957686cfefc8aed7b96 \
    file://LICENSE-APACHE;md5=22a53954e4e0ec258dfce4391e905dac \
    file://LICENSE-MIT;md5=c887db2bf835ae78a073c1cf2dfc335d \
"

inherit cargo cargo-update-recipe-crates systemd useradd

# The folder with the tarball and, beside this recipe, the list of crates that
# `cargo xtask dist --source` makes.
NORMWATCH_SOURCE ?= "file:///srv/normwatch"
SRC_URI = "${NORMWATCH_SOURCE}/normwatch-${PV}.tar.gz"
require normwatch-crates.inc

PACKAGECONFIG ??= "v4l2 gpio web-server mqtt modbus webhooks tls"
PACKAGECONFIG[v4l2] = ""
PACKAGECONFIG[gpio] = ""
PACKAGECONFIG[web-server] = ""
PACKAGECONFIG[webhooks] = ""
PACKAGECONFIG[tls] = ",,,ca-certificates"
PACKAGECONFIG[mqtt] = ""
PACKAGECONFIG[modbus] = ""
CARGO_BUILD_FLAGS += "--no-default-features --features runtime,${@','.join(d.getVar('PACKAGECONFIG').split())} --bin normwatch"

SYSTEMD_SERVICE:${PN} = "normwatch.service"
SYSTEMD_AUTO_ENABLE = "disable"

USERADD_PACKAGES = "${PN}"
GROUPADD_PARAM:${PN} = "--system gpio; --system watchdog; --system normwatch"
USERADD_PARAM:${PN} = "--system --gid normwatch --groups video,gpio,watchdog \
    --home-dir /var/lib/normwatch --no-create-home --shell /sbin/nologin normwatch"

do_install:append() {
    install -d ${D}${datadir}/normwatch/boards
    install -m 0644 ${S}/boards/*.toml ${D}${datadir}/normwatch/boards
    install -d ${D}${datadir}/normwatch/models/walkway-edge
    install -m 0644 ${S}/models/walkway-edge/* ${D}${datadir}/normwatch/models/walkway-edge
    install -D -m 0644 ${S}/packaging/udev/60-normwatch.rules \
        ${D}${nonarch_base_libdir}/udev/rules.d/60-normwatch.rules
    install -D -m 0644 ${S}/packaging/systemd/normwatch.service \
        ${D}${systemd_system_unitdir}/normwatch.service
    install -D -m 0644 ${S}/packaging/systemd/normwatch@.service \
        ${D}${systemd_system_unitdir}/normwatch@.service
    install -D -m 0644 ${S}/packaging/systemd/normwatch-learn.service \
        ${D}${systemd_system_unitdir}/normwatch-learn.service
    install -D -m 0644 ${S}/packaging/systemd/normwatch-learn@.service \
        ${D}${systemd_system_unitdir}/normwatch-learn@.service
}

PACKAGES =+ "${PN}-example"
FILES:${PN}-example = "${datadir}/normwatch/models"
FILES:${PN} += "${datadir}/normwatch ${nonarch_base_libdir}/udev ${systemd_system_unitdir}"
