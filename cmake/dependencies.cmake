# Every library the project links, found once and named here.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(CLI11 REQUIRED)
find_package(spdlog REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(CURL REQUIRED)
pkg_check_modules(VIPS REQUIRED IMPORTED_TARGET vips)
pkg_check_modules(LIBZIP REQUIRED IMPORTED_TARGET libzip)
pkg_check_modules(HTTPLIB REQUIRED IMPORTED_TARGET cpp-httplib)
pkg_check_modules(QRENCODE REQUIRED IMPORTED_TARGET libqrencode)

# OpenVINO's headers, libraries and CMake package come in its Python wheel (scripts/setup.sh).
find_package(OpenVINO REQUIRED COMPONENTS Runtime
             PATHS ${PENTIMENTO_DEPS}/openvino/openvino/cmake NO_DEFAULT_PATH)
