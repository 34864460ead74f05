################################################################################
#
# normwatch
#
################################################################################

NORMWATCH_VERSION = 0.1.0
NORMWATCH_SITE = $(call qstrip,$(BR2_PACKAGE_NORMWATCH_SOURCE))
NORMWATCH_SOURCE = normwatch-$(NORMWATCH_VERSION).tar.gz
# The package is made by its user, who has its sum in SHA256SUMS beside it.
BR_NO_CHECK_HASH_FOR += $(NORMWATCH_SOURCE)
NORMWATCH_LICENSE = MIT or Apache-2.0
NORMWATCH_LICENSE_FILES = LICENSE LICENSE-APACHE LICENSE-MIT

NORMWATCH_FEATURES = runtime
ifeq ($(BR2_PACKAGE_NORMWATCH_V4L2),y)
NORMWATCH_FEATURES += v4l2
endif
ifeq ($(BR2_PACKAGE_NORMWATCH_GPIO),y)
NORMWATCH_FEATURES += gpio
endif
ifeq ($(BR2_PACKAGE_NORMWATCH_WEBHOOKS),y)
NORMWATCH_FEATURES += webhooks
endif
ifeq ($(BR2_PACKAGE_NORMWATCH_TLS),y)
NORMWATCH_FEATURES += tls
endif
ifeq ($(BR2_PACKAGE_NORMWATCH_WEB_SERVER),y)
NORMWATCH_FEATURES += web-server
endif
ifeq ($(BR2_PACKAGE_NORMWATCH_MQTT),y)
NORMWATCH_FEATURES += mqtt
endif
ifeq ($(BR2_PACKAGE_NORMWATCH_MODBUS),y)
NORMWATCH_FEATURES += modbus
endif
NORMWATCH_CARGO_BUILD_OPTS = \
	--no-default-features --features "$(NORMWATCH_FEATURES)" --bin normwatch

# Crates with assembly are built for the host too, by its own compiler.
NORMWATCH_CARGO_ENV = HOST_CC="$(HOSTCC)" HOST_AR="$(HOSTAR)"

define NORMWATCH_INSTALL_TARGET_CMDS
	$(INSTALL) -D -m 0755 \
		$(@D)/target/$(RUSTC_TARGET_NAME)/release/normwatch \
		$(TARGET_DIR)/usr/bin/normwatch
	mkdir -p $(TARGET_DIR)/usr/share/normwatch/boards
	$(INSTALL) -m 0644 $(@D)/boards/*.toml \
		$(TARGET_DIR)/usr/share/normwatch/boards
	$(INSTALL) -D -m 0644 $(@D)/packaging/udev/60-normwatch.rules \
		$(TARGET_DIR)/usr/lib/udev/rules.d/60-normwatch.rules
endef

ifeq ($(BR2_PACKAGE_NORMWATCH_EXAMPLE),y)
define NORMWATCH_INSTALL_EXAMPLE
	mkdir -p $(TARGET_DIR)/usr/share/normwatch/models/walkway-edge
	$(INSTALL) -m 0644 $(@D)/models/walkway-edge/* \
		$(TARGET_DIR)/usr/share/normwatch/models/walkway-edge
endef
NORMWATCH_POST_INSTALL_TARGET_HOOKS += NORMWATCH_INSTALL_EXAMPLE
endif

define NORMWATCH_INSTALL_INIT_SYSTEMD
	$(INSTALL) -D -m 0644 $(@D)/packaging/systemd/normwatch.service \
		$(TARGET_DIR)/usr/lib/systemd/system/normwatch.service
	$(INSTALL) -D -m 0644 $(@D)/packaging/systemd/normwatch@.service \
		$(TARGET_DIR)/usr/lib/systemd/system/normwatch@.service
	$(INSTALL) -D -m 0644 $(@D)/packaging/systemd/normwatch-learn.service \
		$(TARGET_DIR)/usr/lib/systemd/system/normwatch-learn.service
	$(INSTALL) -D -m 0644 $(@D)/packaging/systemd/normwatch-learn@.service \
		$(TARGET_DIR)/usr/lib/systemd/system/normwatch-learn@.service
endef

define NORMWATCH_USERS
	- -1 gpio -1 * - - - GPIO lines
	- -1 watchdog -1 * - - - watchdog devices
	normwatch -1 normwatch -1 * /var/lib/normwatch - video,gpio,watchdog normwatch alarm
endef

$(eval $(cargo-package))
