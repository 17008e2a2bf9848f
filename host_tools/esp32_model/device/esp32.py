"""Model of the ESP32's `esp32`: its non-volatile memory, kept in the file nvs.json of the present folder."""

import json


class NVS:
    def __init__(self, namespace):
        assert len(namespace) <= 15
        self._namespace = namespace
        try:
            file = open("nvs.json")
        except OSError:
            self._all = {}
        else:
            self._all = json.load(file)
            file.close()
        self._values = dict(self._all.get(namespace, {}))

    def get_i32(self, key):
        if key not in self._values:
            raise OSError(-0x1102)  # ESP_ERR_NVS_NOT_FOUND
        return self._values[key]

    def set_i32(self, key, value):
        assert len(key) <= 15 and -(1 << 31) <= value < 1 << 31
        self._values[key] = value

    def commit(self):
        self._all[self._namespace] = self._values
        file = open("nvs.json", "w")
        json.dump(self._all, file)
        file.close()
