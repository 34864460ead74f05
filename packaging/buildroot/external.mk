include $(sort $(wildcard $(BR2_EXTERNAL_NORMWATCH_PATH)/package/*/*.mk))
