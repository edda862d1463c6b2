#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "linter/command_line.h"
#include "parsers/parsers.h"
#include "parsers/text/embedded.h"
#include "rules/exposure/exposure.h"
#include "rules/matrix/port_matrix.h"
#include "rules/matrix/row_terms.h"

using namespace ipo;
using nlohmann::ordered_json;

namespace {

// Typed from the document a second time, in its own spelling: number, port column, protocol column, optional, state.
// A slip in either transcription shows as a difference.
struct Printed {
  int table;
  const char* direction;
  const char* rows;  // one per line: number|ports|protocol|optional|state
};

// "40750-50750 RANGE" stands for (Configurable min start 1024, min end 2048), "C" for (Configurable).
const Printed printed[] = {
    {1, "ingress", R"(1|22|TCP/SSH|No|Open
2|67|UDP/DHCP|Yes|Open
3|67|UDP/BOOTP Server|Yes|Open
4|69|UDP/TFTP|No|Open
5|80 1-100|TCP/HTTP|Yes|Open
6|123|NTP|No|Open
7|161 161,1024-65535|UDP/SNMP|Yes|Open
8|411|TCP/HTTPS|Yes|Open
9|443 1-65535|TCP/HTTPS|Yes|Open
10|520|UDP/RIP|Yes|Open
11|1701|UDP/L2TP|Yes|Closed
12|1718|UDP/H.323 discovery|Yes|Filtered
13|1719|UDP/H.323 status|Yes|Filtered
14|1720|TCP/H.323 signaling|Yes|Filtered
15|4097|TCP|No|Filtered
16|5060-5061 1024-64510|UDP+TCP+TLS/SIP|Yes|Open
17|5443|TCP/HTTPS|Yes|Open
18|5480|TCP/HTTPS|Yes|Open
19|5488/5489|TCP|Yes|Open
20|5807 5800-5899|TCP|Yes|Open
21|7070|TCP/HTTPS|Yes|Open
22|7071|TCP/HTTPS|Yes|Open
23|8000|TCP/HTTP|No|Open
24|8411|TCP/HTTP|Yes|Open
25|8443 1-65535|TCP/HTTPS|Yes|Open
26|9080|TCP/HTTP|No|Open
27|40750-50750 RANGE|UDP/RTP-RTCP, SRTP-SRTCP|Yes|N/A
28|50780|UPD/Proprietary|Yes|Open
29|50792|UPD/Voicemail|Yes|Open
30|50793|TCP/Proprietary|Yes|Open
31|50794|UPD+TCP/SysMonitor|Yes|Open
32|50795|UDP/Voicenet|Yes|Open
33|50796|TCP/TLS|Yes|Open
34|50797|TCP/TAPI|Yes|Open
35|50801|TCP/Proprietary|Yes|Open
36|50802|TCP/Proprietary|Yes|Open
37|50804 49152-65280|TCP/Proprietary|Yes|Open
38|50805 49152-65280|TCP/TLS|Yes|Open
39|50808 49152-65280|TCP/Proprietary|Yes|Open
40|50809 49152-65280|TCP/TLS|Yes|Open
41|50812 49152-65280|TCP/Proprietary|Yes|Open
42|50813 49152-65280|TCP/TLS|Yes|Open
43|50814 49152-65280|TCP/Proprietary|Yes|Open
44|50823|TCP|No|Closed
45|52233|TCP/HTTPS|Yes|Closed
46|56000-58000 C|UDP/SRTP|No|Open)"},
    {1, "egress", R"(1|25|TCP/SMTP|Yes|N/A
2|37|UDP/TIME|Yes|N/A
3|53|UDP/DNS|Yes|N/A
4|68|UDP/DHCP|Yes|N/A
5|68|UDP/BOOTP|Yes|N/A
6|69|UDP/TFTP|Yes|N/A
7|123|UDP/NTP|Yes|N/A
8|162 C|UDP/SNMP|Yes|N/A
9|389|TCP/LDAP|Yes|N/A
10|443|TCP/HTTPS|Yes|N/A
11|500|UDP/IKE|Yes|N/A
12|514 C|UDP+TCP/Syslog|Yes|N/A
13|520|UDP/RIP|Yes|Open
14|5060/5061|UDP+TCP+TLS/SIP|Yes|N/A
15|5443|TCP/HTTPS|Yes|N/A
16|6514|TLS/Syslog|Yes|N/A
17|10162|UDP/SNMP|Yes|N/A
18|40750-50750 RANGE|UDP/RTP-RTCP, SRTP-SRTCP|Yes|N/A
19|50791|UPD/Voicemail|Yes|N/A
20|50795|UDP/Voicenet|Yes|N/A
21|52233|TCP/HTTPS|Yes|N/A)"},
    {1, "intra", R"(1|4096|TCP|Yes|Open
2|4443|TCP/JMX|Yes|Open
3|4444|TCP/JMX|Yes|Open
4|5005 C|TCP|Yes|Open
5|6006|TCP|Yes|Open
6|17777|TCP|Yes|Open
7|42004 C|TCP/SIP|Yes|Open
8|42008 C|TCP/SIP|Yes|Open)"},
    {2, "ingress", R"(1|25|TCP|Yes|Open
2|37|UDP/TIME|Yes|Open
3|80|TCP/HTTP|Yes|Open
4|143|TCP/IMAP4|Yes|Open
5|993|IMAP4 - SSL|Yes|Open
6|5443|TCP/HTTPS|No|Open
7|50791|UDP+TCP/Voicemail|Yes|Open
8|50792/50793|TCP/Voicemail|Yes|Open)"},
    {2, "egress", R"(1|22|TCP/FTP|Yes|N/A
2|25|TCP|Yes|N/A
3|443|TCP/HTTPS|Yes|N/A
4|50792|UDP/Voicemail|Yes|N/A
5|50792|SSL/Voicemail|Yes|N/A
6|50793|SSL/Voicemail|Yes|N/A
7|50802|TCP/Proprietary|No|N/A)"},
    {2, "intra", R"(1|25|TCP|Yes|Open)"},
    {3, "ingress", R"(1|4560|TCP/Log4j|No|Open
2|5222|TCP/XMPP|Yes|Open
3|5269|TCP/XMPP|Yes|Open
4|7171|TCP/BOSH|Yes|Open
5|7443|TCP/BOSH|Yes|Open
6|8005|TCP/Tomcat shutdown|No|Filtered
7|8063|TCP/HTTPS|No|Open
8|8069|TCP/HTTP|No|Open
9|8080|TCP/HTTP|Yes|Open
10|8443|TCP/HTTPS|Yes|Open
11|8444|TCP/Proprietary|Yes|Open
12|8666|TCP/JMX|Yes|Open
13|9092|TCP/JDBC|No|Open
14|9094|TCP/XMP RPC|No|Open
15|9095|TCP/HTTPS|No|Open
16|9443|TCP/HTTPS|Yes|Open)"},
    {3, "egress", R"(1|80/8000|TCP/HTTP|Yes|N/A
2|50791|TCP/Voicemail|Yes|N/A
3|50814 49152-65280|TCP/Proprietary|Yes|N/A)"},
    {3, "intra", R"(1|8086|TCP/HTTP|No|Open
2|61616|TCP/Proprietary|No|Open)"},
    {4, "ingress", R"(1|8805|TCP/Tomcat shutdown|No|Open
2|9444|TCP/HTTPS|No|Open
3|9888|TCP/HTTP|No|Open)"},
    {4, "egress", R"(1|21|TCP|Yes|Open
2|22|TCP|Yes|Open)"},
};

const char* product_of(int table) {
  const char* products[] = {"ip-office", "voicemail-pro", "one-x-portal", "contact-recorder"};
  return products[table - 1];
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);) parts.push_back(part);
  return parts;
}

// "5060-5061", "5488/5489" as intervals.
std::vector<std::pair<unsigned, unsigned>> intervals(const std::string& ports) {
  std::vector<std::pair<unsigned, unsigned>> out;
  for (const std::string& part : split(ports, '/')) {
    std::vector<std::string> ends = split(part, '-');
    out.emplace_back(std::stoul(ends.front()), std::stoul(ends.back()));
  }
  return out;
}

std::vector<std::string> transports(const std::string& protocol) {
  static const std::map<std::string, std::vector<std::string>> known = {{"TCP", {"tcp"}},        {"UDP", {"udp"}}, {"UPD", {"udp"}},
                                                                        {"NTP", {"udp"}},        {"TLS", {"tcp"}}, {"SSL", {"tcp"}},
                                                                        {"IMAP4 - SSL", {"tcp"}}};
  std::string layer4 = protocol.substr(0, protocol.find('/'));
  return layer4.find('+') != layer4.npos ? std::vector<std::string>{"tcp", "udp"} : known.at(layer4);
}

std::string lower(std::string s) {
  for (char& c : s) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return s;
}

const MatrixRow& row(std::string_view id) {
  const MatrixRow* found = builtin_matrix().find(id);
  INFO(id);
  REQUIRE(found);
  return *found;
}

struct Answer {
  int status = 0;
  std::string out, err;
};

Answer ask(const MatrixQuery& query, const std::string& input = "") {
  std::istringstream in(input);
  std::ostringstream out, err;
  int status = run_matrix(query, in, out, err);
  return {status, out.str(), err.str()};
}

std::string text_of(std::vector<std::string> terms, int status = 0) {
  MatrixQuery query;
  query.terms = std::move(terms);
  Answer answer = ask(query);
  CHECK(answer.status == status);
  CHECK(answer.err.empty());
  return answer.out;
}

std::vector<std::string> found(std::vector<std::string> terms) {
  MatrixQuery query;
  query.terms = std::move(terms);
  query.format = "json";
  Answer answer = ask(query);
  std::vector<std::string> ids;
  ordered_json json = ordered_json::parse(answer.out);
  for (const auto& r : json["rows"]) ids.push_back(r["id"]);
  CHECK(answer.status == (ids.empty() ? 1 : 0));
  return ids;
}

using Ids = std::vector<std::string>;

struct Read {
  Sources sources;
  std::vector<Note> errors;
  PortMatrix matrix;
  explicit Read(const std::string& text) : sources{Source("m.toml", text, "UTF-8")}, matrix(read_matrix(sources, 0, errors)) {}
  std::string error(std::size_t i) const { return errors.at(i).message + " @ " + std::string(sources[0].slice(errors.at(i).span)); }
};

const std::string head = "release = \"9.1\"\ndocument = \"D\"\n";
const std::string good =
    "[[row]]\nid = \"a/ingress/1\"\ntable = 1\nports = \"69\"\ntransports = [\"udp\"]\napplication = \"TFTP\"\n"
    "optional = false\nstate = \"open\"\npeer = \"p\"\npurpose = \"q\"\n";

// `good` as row 2 with one line, or a part of it, changed.
std::string changed(const std::string& from, const std::string& to) {
  std::string row = good;
  row.replace(row.find("ingress/1"), 9, "ingress/2");
  std::size_t at = row.find(from);
  REQUIRE(at != row.npos);
  return row.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("matrix: every row as printed") {
  const PortMatrix& matrix = builtin_matrix();
  CHECK(matrix.release == "9.1");
  std::size_t next = 0;
  for (const Printed& group : printed) {
    int number = 0;
    for (const std::string& line : split(group.rows, '\n')) {
      std::vector<std::string> cells = split(line, '|');
      REQUIRE(cells.size() == 5);
      std::string id = std::string(product_of(group.table)) + "/" + group.direction + "/" + cells[0];
      INFO(id);
      REQUIRE(next < matrix.rows.size());
      const MatrixRow& r = matrix.rows[next++];
      CHECK(std::to_string(++number) == cells[0]);
      CHECK(r.id == id);
      CHECK(r.product == product_of(group.table));
      CHECK(r.direction == group.direction);
      CHECK(r.number == number);
      CHECK(r.table == group.table);
      CHECK(r.document == "Avaya Port Matrix: IP Office 9.1.0.0, Issue 7.1, December 24, 2014");
      std::size_t blank = cells[1].find(' ');
      CHECK(r.ports == intervals(cells[1].substr(0, blank)));
      std::string choice = blank == std::string::npos ? "" : cells[1].substr(blank + 1);
      if (choice == "C") choice = "any";
      if (choice == "RANGE") choice = "range:min-start=1024,min-end=2048";
      CHECK(r.configurable.value_or("") == choice);
      CHECK(r.transports == transports(cells[2]));
      std::size_t slash = cells[2].find('/');
      std::string bare = cells[2] == "NTP" || cells[2] == "IMAP4 - SSL" ? cells[2] : "";
      CHECK(r.application == (slash == std::string::npos ? bare : cells[2].substr(slash + 1)));
      CHECK(r.optional == (cells[3] == "Yes"));
      CHECK(r.state == lower(cells[4]));
      CHECK(!r.purpose.empty());
      CHECK(r.peer.empty() == (id == "one-x-portal/ingress/14"));
    }
  }
  CHECK(next == 117);
  CHECK(matrix.rows.size() == 117);
}

TEST_CASE("matrix: counts, and every id once") {
  std::map<std::pair<int, std::string>, int> counts;
  std::set<std::string> ids;
  for (const MatrixRow& r : builtin_matrix().rows) {
    ++counts[{r.table, r.direction}];
    ids.insert(r.id);
    CHECK(builtin_matrix().find(r.id) == &r);
    CHECK(std::is_sorted(r.transports.begin(), r.transports.end()));
  }
  CHECK(ids.size() == 117);
  CHECK(counts == std::map<std::pair<int, std::string>, int>{{{1, "ingress"}, 46},
                                                             {{1, "egress"}, 21},
                                                             {{1, "intra"}, 8},
                                                             {{2, "ingress"}, 8},
                                                             {{2, "egress"}, 7},
                                                             {{2, "intra"}, 1},
                                                             {{3, "ingress"}, 16},
                                                             {{3, "egress"}, 3},
                                                             {{3, "intra"}, 2},
                                                             {{4, "ingress"}, 3},
                                                             {{4, "egress"}, 2}});
  CHECK(builtin_matrix().find("contact-recorder/intra/1") == nullptr);
  CHECK(builtin_matrix().find("") == nullptr);
}

TEST_CASE("matrix: which release a row came with") {
  std::map<std::string, std::string> since;
  for (const MatrixRow& r : builtin_matrix().rows) {
    if (r.since) since[r.id] = *r.since;
    CHECK(!r.until);
  }
  CHECK(since == std::map<std::string, std::string>{{"ip-office/ingress/8", "9.1"},
                                                    {"ip-office/ingress/22", "9.0"},
                                                    {"ip-office/ingress/45", "9.1"},
                                                    {"ip-office/ingress/46", "9.1"},
                                                    {"ip-office/egress/21", "9.0"},
                                                    {"ip-office/intra/2", "9.1"},
                                                    {"ip-office/intra/3", "9.1"},
                                                    {"one-x-portal/ingress/4", "9.1"},
                                                    {"one-x-portal/intra/1", "9.1"},
                                                    {"contact-recorder/ingress/1", "9.0"},
                                                    {"contact-recorder/ingress/2", "9.0"},
                                                    {"contact-recorder/ingress/3", "9.0"},
                                                    {"contact-recorder/egress/1", "9.0"},
                                                    {"contact-recorder/egress/2", "9.0"}});
}

TEST_CASE("matrix: platforms") {
  const std::vector<std::string> linux_ = {"server-edition", "application-server"};
  std::map<std::string, std::vector<std::string>> platforms;
  for (const MatrixRow& r : builtin_matrix().rows)
    if (!r.platforms.empty()) platforms[r.id] = r.platforms;
  CHECK(platforms == std::map<std::string, std::vector<std::string>>{{"ip-office/ingress/17", linux_},
                                                                     {"ip-office/ingress/18", {"virtual"}},
                                                                     {"ip-office/ingress/19", {"virtual"}},
                                                                     {"ip-office/ingress/21", linux_},
                                                                     {"ip-office/ingress/22", linux_},
                                                                     {"ip-office/ingress/44", linux_},
                                                                     {"voicemail-pro/ingress/3", {"windows"}},
                                                                     {"voicemail-pro/ingress/6", linux_},
                                                                     {"one-x-portal/ingress/10", {"windows"}}});
}

TEST_CASE("matrix: how a peer proves who it is") {
  auto authentication = [](std::string_view id) { return row(id).authentication; };
  CHECK(authentication("ip-office/ingress/1") == "user name and password");
  CHECK(authentication("ip-office/ingress/4") == "obfuscated password");
  CHECK(authentication("ip-office/ingress/7") == "community string");
  CHECK(authentication("ip-office/ingress/8").empty());
  CHECK(authentication("ip-office/ingress/11") == "CHAP");
  CHECK(authentication("ip-office/ingress/16") == "MD5 CHAP");
  CHECK(authentication("ip-office/ingress/25").empty());
  for (int n : {37, 39, 40, 41, 43}) CHECK(authentication("ip-office/ingress/" + std::to_string(n)) == "HMAC SHA-1 challenge");
  for (int n : {38, 42})
    CHECK(authentication("ip-office/ingress/" + std::to_string(n)) == "HMAC SHA-1 challenge, X.509 certificate");
  CHECK(authentication("ip-office/egress/9") == "Kerberos 4 or simple password");
  CHECK(authentication("ip-office/egress/21") == "X.509 certificate");
  for (int n : {2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14})
    CHECK(authentication("one-x-portal/ingress/" + std::to_string(n)) == "user name and password");
  for (int n : {1, 6, 15}) CHECK(authentication("one-x-portal/ingress/" + std::to_string(n)).empty());
  CHECK(authentication("one-x-portal/ingress/16") == "user name and password, X.509 certificate");
  // The column says "Authenticated" and no more.
  for (const char* id : {"ip-office/ingress/18", "ip-office/ingress/19", "voicemail-pro/ingress/3"})
    CHECK(authentication(id) == "method not stated");
}

TEST_CASE("matrix: where the document contradicts itself, the row says so") {
  const std::vector<std::pair<const char*, std::vector<const char*>>> expected = {
      {"ip-office/ingress/6", {"udp"}},
      {"ip-office/ingress/16", {"description column is empty", "range"}},
      {"ip-office/ingress/18", {"no firewall configuration"}},
      {"ip-office/ingress/19", {"no firewall configuration"}},
      {"ip-office/ingress/22", {"Table 5"}},
      {"ip-office/ingress/26", {"description column is empty"}},
      {"ip-office/ingress/27", {"40750-50750", "46750-50750", "32768-61000", "N/A"}},
      {"ip-office/ingress/28", {"UPD"}},
      {"ip-office/ingress/29", {"UPD"}},
      {"ip-office/ingress/31", {"UPD"}},
      {"ip-office/ingress/44", {"closed", "not optional"}},
      {"ip-office/ingress/46", {"not optional", "configurable"}},
      {"ip-office/egress/4", {"68", "67"}},
      {"ip-office/egress/5", {"68", "67"}},
      {"ip-office/egress/13", {"protocol column", "udp", "Open", "N/A"}},
      {"ip-office/egress/17", {"System Manager"}},
      {"ip-office/egress/18", {"40750-50750", "46750-50750", "32768-61000"}},
      {"ip-office/egress/19", {"UPD"}},
      {"voicemail-pro/ingress/1", {"VMPPro"}},
      {"voicemail-pro/ingress/3", {"VMPPro"}},
      {"voicemail-pro/ingress/5", {"IMAP4 - SSL", "tcp"}},
      {"voicemail-pro/ingress/6", {"VMPPro"}},
      {"voicemail-pro/ingress/8", {"MAPI"}},
      {"voicemail-pro/egress/1", {"FTP", "22", "21"}},
      {"voicemail-pro/intra/1", {"between servers"}},
      {"one-x-portal/ingress/7", {"page break"}},
      {"one-x-portal/ingress/14", {"XMP RPC"}},
      {"one-x-portal/ingress/16", {"page break"}},
      {"one-x-portal/egress/1", {"8000"}},
      {"contact-recorder/ingress/2", {"HTTPS", "http"}},
      {"contact-recorder/egress/1", {"Open", "N/A"}},
      {"contact-recorder/egress/2", {"Open", "N/A"}},
  };
  for (const auto& [id, parts] : expected) {
    INFO(id);
    REQUIRE(row(id).errata);
    for (const char* part : parts) CHECK(row(id).errata->find(part) != std::string::npos);
  }
  for (const char* id : {"ip-office/ingress/1", "ip-office/ingress/4", "ip-office/ingress/37", "ip-office/egress/6",
                         "voicemail-pro/egress/5", "one-x-portal/intra/2", "contact-recorder/ingress/3"})
    CHECK(!row(id).errata);
}

TEST_CASE("matrix: ports and transports as sets") {
  CHECK(row("ip-office/ingress/19").port_set() == IntervalSet::range(5488, 5489));
  CHECK(row("one-x-portal/egress/1").port_set() == IntervalSet{{80, 80}, {8000, 8000}});
  const MatrixRow& monitor = row("ip-office/ingress/31");
  CHECK(monitor.has_transport(6));
  CHECK(monitor.has_transport(17));
  CHECK(!monitor.has_transport(1));
  CHECK(!row("ip-office/ingress/4").has_transport(6));
}

TEST_CASE("matrix: the built-in file reads without errors") {
  for (const EmbeddedText& file : matrix_files()) {
    Sources sources = {decode_source(std::string(file.name), file.text)};
    std::vector<Note> errors;
    if (file.name != "ip-office-9.1.toml") continue;
    CHECK(read_matrix(sources, 0, errors).rows.size() == 117);
    for (const Note& error : errors) FAIL_CHECK(error.message);
  }
}

TEST_CASE("matrix: what can be wrong in a matrix file, and where") {
  auto one = [](const std::string& from, const std::string& to) {
    Read read(head + good + changed(from, to));
    INFO(to);
    REQUIRE(read.errors.size() == 1);
    CHECK(read.matrix.rows.size() == 1);
    CHECK(read.matrix.find("a/ingress/1"));
    return read.error(0);
  };
  CHECK(one("state = \"open\"", "state = \"ajar\"") == "unknown state \"ajar\" (open, closed, filtered, n/a) @ \"ajar\"");
  CHECK(one("a/ingress/2", "a/inward/2") == "unknown direction \"inward\" (ingress, egress, intra) @ \"a/inward/2\"");
  CHECK(one("[\"udp\"]", "[\"udp\", \"sctp\"]") == "unknown transport \"sctp\" (tcp, udp) @ \"sctp\"");
  CHECK(one("[\"udp\"]", "[]") == "a row has at least one transport @ []");
  CHECK(one("[\"udp\"]", "[17]") == "\"transports\" is not an array of strings @ 17");
  CHECK(one("[\"udp\"]", "\"udp\"") == "\"transports\" is not an array of strings @ \"udp\"");
  CHECK(one("\"69\"", "\"70-69\"") == "range \"70-69\" ends before it starts @ \"70-69\"");
  CHECK(one("\"69\"", "\"65536\"") == "\"65536\" is neither a port (0 to 65535) nor a range a-b @ \"65536\"");
  CHECK(one("\"69\"", "\"1/x\"") == "\"x\" is neither a port (0 to 65535) nor a range a-b @ \"1/x\"");
  CHECK(one("\"69\"", "\"1-2-3\"") == "\"1-2-3\" is neither a port (0 to 65535) nor a range a-b @ \"1-2-3\"");
  CHECK(one("\"69\"", "69") == "\"ports\" is not a string @ 69");
  CHECK(one("optional = false", "optional = \"no\"") == "\"optional\" is not true or false @ \"no\"");
  CHECK(one("table = 1", "table = 0") == "table 0 is not between 1 and 9999 @ 0");
  CHECK(one("table = 1", "table = \"1\"") == "\"table\" is not an integer @ \"1\"");
  CHECK(one("a/ingress/2", "a/ingress") == "id \"a/ingress\" is not product/direction/number @ \"a/ingress\"");
  CHECK(one("a/ingress/2", "a/ingress/02") == "id \"a/ingress/02\" is not product/direction/number @ \"a/ingress/02\"");
  CHECK(one("a/ingress/2", "a/ingress/1") == "second row of id \"a/ingress/1\" @ \"a/ingress/1\"");
  CHECK(one("ports", "configurable = \"5-4\"\nports") == "range \"5-4\" ends before it starts @ \"5-4\"");
  CHECK(one("ports", "configurable = \"range:1\"\nports") == "\"range:1\" is not range:min-start=A,min-end=B @ \"range:1\"");
  CHECK(one("ports", "platforms = [1]\nports") == "\"platforms\" is not an array of strings @ 1");
  CHECK(one("ports", "since = 9.1\nports") == "\"since\" is not a string @ 9.1");
  for (std::string key : {"id", "table", "ports", "transports", "application", "optional", "state", "peer", "purpose"}) {
    std::size_t at = good.find("\n" + key + " ");
    std::string line = good.substr(at, good.find('\n', at + 1) - at);
    Read read(head + good.substr(0, at) + good.substr(at + line.size()));
    REQUIRE(read.errors.size() == 1);
    CHECK(read.error(0) == "key \"" + key + "\" is missing @ [[row]]");
    CHECK(read.matrix.rows.empty());
  }
}

TEST_CASE("matrix: unknown keys are said, the row stays") {
  Read read(head + "colour = 1\n" + good + "prots = \"69\"\n");
  REQUIRE(read.errors.size() == 2);
  CHECK(read.error(0) == "unknown key \"colour\" @ colour");
  CHECK(read.error(1) == "unknown key \"prots\" @ prots");
  CHECK(read.matrix.rows.size() == 1);
}

TEST_CASE("matrix: errors of the whole file") {
  Read empty("");
  REQUIRE(empty.errors.size() == 1);
  CHECK(empty.errors[0].message == "key \"row\" is missing");
  Read rows("release = \"9.1\"\ndocument = \"D\"\nrow = [1]\n");
  REQUIRE(rows.errors.size() == 1);
  CHECK(rows.error(0) == "\"row\" is not an array of tables ([[row]]) @ 1");
  Read syntax(head + good + "peer = \n");
  CHECK(syntax.errors.size() == 1);
  CHECK(syntax.matrix.rows.empty());
  // Several errors come in the order of the text.
  Read several(head + changed("state = \"open\"", "state = 1") + changed("ingress/2\"", "ingress/x\"") + good);
  REQUIRE(several.errors.size() == 2);
  CHECK(several.errors[0].span < several.errors[1].span);
  CHECK(several.matrix.rows.size() == 1);
}

TEST_CASE("matrix: optional keys of a row") {
  Read read(head + good +
            "configurable = \"161,1024-65535\"\nauthentication = \"a\"\nplatforms = [\"x\", \"y\"]\nsince = \"9.0\"\n"
            "until = \"9.1\"\nerrata = \"e\"\n");
  REQUIRE(read.errors.empty());
  const MatrixRow& r = read.matrix.rows.at(0);
  CHECK(r.configurable == "161,1024-65535");
  CHECK(r.platforms == Ids{"x", "y"});
  CHECK(r.since == "9.0");
  CHECK(r.until == "9.1");
  CHECK(r.errata == "e");
  CHECK(r.document == "D");
  std::string empty = good;
  Read none(head + empty.replace(empty.find("\"69\""), 4, "\"\""));
  REQUIRE(none.errors.empty());
  CHECK(none.matrix.rows.at(0).ports.empty());
}

TEST_CASE("matrix command: JSON keeps the contract's keys in their order") {
  MatrixQuery query;
  query.format = "json";
  Answer answer = ask(query);
  REQUIRE(answer.status == 0);
  ordered_json json = ordered_json::parse(answer.out);
  REQUIRE(json.size() == 1);
  REQUIRE(json["rows"].size() == 117);
  for (const auto& r : json["rows"]) {
    Ids keys;
    for (const auto& item : r.items()) keys.push_back(item.key());
    CHECK(keys == Ids{"id", "product", "direction", "number", "transports", "ports", "application", "configurable", "optional",
                      "state", "peer", "authentication", "purpose", "platforms", "source", "since", "until", "errata"});
  }
  ordered_json tftp = ordered_json::parse(R"({"id":"ip-office/ingress/4","product":"ip-office","direction":"ingress",
      "number":4,"transports":["udp"],"ports":[[69,69]],"application":"TFTP","configurable":null,"optional":false,
      "state":"open","peer":"","authentication":"obfuscated password","purpose":"","platforms":[],
      "source":{"document":"Avaya Port Matrix: IP Office 9.1.0.0, Issue 7.1, December 24, 2014","table":1,"row":4},
      "since":null,"until":null,"errata":null})");
  tftp["peer"] = row("ip-office/ingress/4").peer;
  tftp["purpose"] = row("ip-office/ingress/4").purpose;
  CHECK(json["rows"][3].dump() == tftp.dump());
  CHECK(json["rows"][15]["ports"].dump() == "[[5060,5061]]");
  CHECK(json["rows"][15]["transports"].dump() == R"(["tcp","udp"])");
  CHECK(json["rows"][18]["ports"].dump() == "[[5488,5488],[5489,5489]]");
  CHECK(json["rows"][7]["since"] == "9.1");
}

TEST_CASE("matrix command: terms") {
  CHECK(found({"69"}) == Ids{"ip-office/ingress/4", "ip-office/egress/6"});
  CHECK(found({"69/udp"}) == found({"69"}));
  CHECK(found({"69/tcp"}).empty());
  CHECK(found({"5060-5061"}) == Ids{"ip-office/ingress/16", "ip-office/egress/14"});
  CHECK(found({"5061/TCP", "ingress"}) == Ids{"ip-office/ingress/16"});
  CHECK(found({"5060-5062"}).empty());
  CHECK(found({"5061-5060"}).empty());
  CHECK(found({"45000", "egress"}) == Ids{"ip-office/egress/18"});
  CHECK(found({"99999999999999999999"}).empty());
  CHECK(found({"ip-office/ingress/4"}) == Ids{"ip-office/ingress/4"});
  CHECK(found({"IP-Office/Ingress"}).size() == 46);
  CHECK(found({"ip-office"}).size() == 75);
  CHECK(found({"ip-office/in"}).empty());
  CHECK(found({"T1.4"}) == Ids{"ip-office/ingress/4"});
  CHECK(found({"T1.e5"}) == Ids{"ip-office/egress/5"});
  CHECK(found({"t3.I1"}) == Ids{"one-x-portal/intra/1"});
  CHECK(found({"T4"}).size() == 5);
  CHECK(found({"voicemail-pro"}).size() == 16);
  CHECK(found({"ingress"}).size() == 73);
  CHECK(found({"intra"}).size() == 11);
  CHECK(found({"filtered"}) == Ids{"ip-office/ingress/12", "ip-office/ingress/13", "ip-office/ingress/14", "ip-office/ingress/15",
                                   "one-x-portal/ingress/6"});
  CHECK(found({"n/a", "ingress"}) == Ids{"ip-office/ingress/27"});
  CHECK(found({"tftp"}) == found({"69"}));
  CHECK(found({"sysmonitor", "udp", "tcp"}) == Ids{"ip-office/ingress/31"});
  CHECK(found({"system monitor"}) == Ids{"ip-office/ingress/31"});
  CHECK(found({"security settings, encrypted"}) == Ids{"ip-office/ingress/42"});
  CHECK(found({"no such thing"}).empty());
  CHECK(found({}).size() == 117);
}

TEST_CASE("matrix command: the table fits 120 columns and lists the errata") {
  for (const Ids& terms : {Ids{}, Ids{"69"}, Ids{"contact-recorder"}, Ids{"T1.27"}}) {
    for (const std::string& line : split(text_of(terms), '\n')) {
      INFO(line);
      CHECK(std::count_if(line.begin(), line.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }) <= 120);
      CHECK((line.empty() || line.back() != ' '));
    }
  }
  std::string tftp = text_of({"69", "ingress"});
  CHECK(tftp.find("ip-office/ingress/4  69/udp") != std::string::npos);
  CHECK(tftp.find('*') == std::string::npos);
  CHECK(tftp.ends_with("\n1 of 117 rows of release 9.1\n"));
  std::string ntp = text_of({"T1.6"});
  CHECK(ntp.find("ip-office/ingress/6*") != std::string::npos);
  CHECK(ntp.find("* in the document:\n  ip-office/ingress/6: ") != std::string::npos);
  CHECK(text_of({"Web Management"}).find("\n  ip-office/ingress/25, ip-office/ingress/26: the") != std::string::npos);
  CHECK(text_of({"T1.16"}).find("5060-5061/tcp+udp") != std::string::npos);
  CHECK(text_of({"T1.5"}).find("yes, 1-100") != std::string::npos);
  CHECK(text_of({"T1.27"}).find("yes, any range") != std::string::npos);
  CHECK(text_of({"nothing of the kind"}, 1) == "0 of 117 rows of release 9.1\n");
}

TEST_CASE("matrix command: a format there is not") {
  MatrixQuery query;
  query.format = "yaml";
  Answer answer = ask(query);
  CHECK(answer.status == 2);
  CHECK(answer.out.empty());
  CHECK(answer.err == "unknown format \"yaml\"; the formats of matrix are text and json\n");
}

// ---- releases -----------------------------------------------------------------------------------------------------

namespace {

// Tables 5 to 7 typed a second time: table|row|kind|ports|protocol|optional|state, and the row of the matrix it is.
const char* const printed_changes = R"(5|1|added|21|TCP|Yes|Open|contact-recorder/egress/1
5|2|added|22|TCP|Yes|Open|contact-recorder/egress/2
5|3|added|7071|TCP/HTTPS|No|Open|ip-office/ingress/22
5|4|added|8805|TCP/Tomcat shutdown|No|Open|contact-recorder/ingress/1
5|5|added|9444|TCP/HTTPS|No|Open|contact-recorder/ingress/2
5|6|added|9888|TCP/HTTP|No|Open|contact-recorder/ingress/3
5|7|added|52233|TCP/HTTPS|Yes|N/A|ip-office/egress/21
6|1|changed|47000-54000|UDP/RTP-RTCP|Yes|N/A|ip-office/ingress/27
6|1|changed|47000-54000|UDP/RTP-RTCP|Yes|N/A|ip-office/egress/18
7|1|added|411|TCP/HTTPS|Yes|Open|ip-office/ingress/8
7|2|added|4443|TCP/JMX|Yes|Open|ip-office/intra/2
7|3|added|4444|TCP/JMX|Yes|Open|ip-office/intra/3
7|4|added|7171|TCP/BOSH|Yes|Open|one-x-portal/ingress/4
7|5|added|8086|TCP/HTTP|No|Open|one-x-portal/intra/1
7|6|added|52233|TCP/HTTPS|Yes|Closed|ip-office/ingress/45
7|7|added|56000-58000|UDP/SRTP|No|Open|ip-office/ingress/46
7|1|changed|40750-50750|UDP/RTP-RTCP|Yes|N/A|ip-office/ingress/27
7|1|changed|40750-50750|UDP/RTP-RTCP|Yes|N/A|ip-office/egress/18
7|1|removed|80|TCP/HTTP|No|Open|ccr/ingress/1
7|2|removed|443|TCP/HTTPS|No|Open|ccr/ingress/2
7|3|removed|1433|TCP/MSSQL|No|Open|ccr/ingress/3
7|4|removed|1434|TCP/MSSQL|No|Open|ccr/ingress/4
7|5|removed|8135|TCP/Proprietary|No|Open|ccr/ingress/5
7|6|removed|8080|TCP/SOAP|No|Open|ccr/ingress/6
7|1|removed|25|TCP/SMTP|Yes|N/A|ccr/egress/1
7|2|removed|50804|TCP/Proprietary|No|N/A|ccr/egress/2)";

using Span = std::pair<std::string, std::string>;

std::string as_text(const std::vector<std::pair<unsigned, unsigned>>& ports) {
  std::string out;
  for (auto [lo, hi] : ports) out += (out.empty() ? "" : "/") + std::to_string(lo) + (lo == hi ? "" : "-" + std::to_string(hi));
  return out;
}

// A row of changes_between() in the form of `printed_changes`.
std::string as_printed(const MatrixRow& r, const std::string& kind) {
  REQUIRE(r.transports.size() == 1);
  std::string protocol = r.transports[0] == "tcp" ? "TCP" : "UDP", state = r.state;
  if (!r.application.empty()) protocol += "/" + r.application;
  state = state == "n/a" ? "N/A" : static_cast<char>(std::toupper(state[0])) + state.substr(1);
  CHECK(r.document == "Avaya Port Matrix: IP Office 9.1.0.0, Issue 7.1, December 24, 2014");
  CHECK(!r.purpose.empty());
  CHECK(!r.peer.empty());
  return std::to_string(r.table) + "|" + std::to_string(r.table_row) + "|" + kind + "|" + as_text(r.ports) + "|" + protocol + "|" +
         (r.optional ? "Yes" : "No") + "|" + state + "|" + r.id;
}

std::vector<std::string> lines_of(const MatrixChanges& changes) {
  std::vector<std::string> lines;
  for (const MatrixRow& r : changes.added) lines.push_back(as_printed(r, "added"));
  for (const auto& c : changes.changed) lines.push_back(as_printed(c.after, "changed"));
  for (const MatrixRow& r : changes.removed) lines.push_back(as_printed(r, "removed"));
  return lines;
}

std::string ports_in(std::string_view release, std::string_view id) {
  const MatrixRow* found = builtin_matrix(release).find(id);
  return found ? as_text(found->ports) : "absent";
}

std::vector<Span> every_span() {
  std::vector<Span> out;
  for (std::string_view from : matrix_releases())
    for (std::string_view to : matrix_releases()) out.emplace_back(from, to);
  return out;
}

Ids ids_of(const std::vector<MatrixRow>& rows) {
  Ids ids;
  for (const MatrixRow& r : rows) ids.push_back(r.id);
  return ids;
}

}  // namespace

TEST_CASE("matrix releases: how many rows each has") {
  CHECK(std::vector<std::string_view>(matrix_releases().begin(), matrix_releases().end()) ==
        std::vector<std::string_view>{"8.1", "9.0", "9.0.3", "9.1"});
  auto count = [](std::string_view release, std::string_view product) {
    const std::vector<MatrixRow>& rows = builtin_matrix(release).rows;
    CHECK(builtin_matrix(release).release == release);
    std::set<std::string> ids;
    for (const MatrixRow& r : rows) CHECK(ids.insert(r.id).second);
    return std::count_if(rows.begin(), rows.end(), [&](const MatrixRow& r) { return product.empty() || r.product == product; });
  };
  CHECK(count("8.1", "") == 111);
  CHECK(count("9.0", "") == 118);
  CHECK(count("9.0.3", "") == 118);
  CHECK(count("9.1", "") == 117);
  for (std::string_view release : {"8.1", "9.0", "9.0.3"}) CHECK(count(release, "ccr") == 8);
  CHECK(count("9.1", "ccr") == 0);
  CHECK(count("8.1", "contact-recorder") == 0);
  CHECK(count("9.0", "contact-recorder") == 5);
  CHECK(&builtin_matrix() == &builtin_matrix("9.1"));
  CHECK_THROWS_AS(builtin_matrix("9.2"), std::out_of_range);
  CHECK_THROWS_AS(builtin_matrix(""), std::out_of_range);
}

TEST_CASE("matrix releases: media ports") {
  for (const char* id : {"ip-office/ingress/27", "ip-office/egress/18"}) {
    CHECK(ports_in("8.1", id).empty());
    CHECK(ports_in("9.0", id).empty());
    CHECK(ports_in("9.0.3", id) == "47000-54000");
    CHECK(ports_in("9.1", id) == "40750-50750");
    for (std::string_view release : {"8.1", "9.0"}) {
      const MatrixRow& r = *builtin_matrix(release).find(id);
      REQUIRE(r.errata);
      CHECK(r.errata->find("does not give the range before 9.0.3") != std::string::npos);
      CHECK(r.port_set().empty());
    }
    CHECK(builtin_matrix("9.0.3").find(id)->errata->find("Table 6") != std::string::npos);
    for (std::string_view release : matrix_releases()) {
      const MatrixRow& r = *builtin_matrix(release).find(id);
      CHECK(r.configurable == "range:min-start=1024,min-end=2048");
      CHECK(r.application == "RTP-RTCP, SRTP-SRTCP");
      CHECK(r.table == 1);
      CHECK(r.table_row == r.number);
      CHECK((!r.since && !r.until));
    }
  }
}

TEST_CASE("matrix releases: since and until say which releases have a row") {
  auto place = [](const std::string& release) {
    auto found = std::find(matrix_releases().begin(), matrix_releases().end(), release);
    REQUIRE(found != matrix_releases().end());
    return found - matrix_releases().begin();
  };
  std::map<std::string, MatrixRow> all;
  for (std::string_view release : matrix_releases())
    for (const MatrixRow& r : builtin_matrix(release).rows) {
      auto [known, is_new] = all.try_emplace(r.id, r);
      CHECK(known->second.since == r.since);
      CHECK(known->second.until == r.until);
      CHECK(r.until == (r.product == "ccr" ? std::optional<std::string>("9.0.3") : std::nullopt));
    }
  CHECK(all.size() == 125);
  for (const auto& [id, r] : all)
    for (std::string_view release : matrix_releases()) {
      INFO(id << " in " << release);
      bool expected = (!r.since || place(*r.since) <= place(std::string(release))) &&
                      (!r.until || place(std::string(release)) <= place(*r.until));
      CHECK((builtin_matrix(release).find(id) != nullptr) == expected);
    }
  for (const char* id : {"ip-office/ingress/8", "ip-office/intra/2", "ip-office/intra/3", "one-x-portal/ingress/4",
                         "one-x-portal/intra/1", "ip-office/ingress/45", "ip-office/ingress/46"})
    CHECK(ports_in("9.0.3", id) == "absent");
  CHECK(ports_in("9.0", "ip-office/egress/21") == "52233");
  CHECK(ports_in("8.1", "ip-office/egress/21") == "absent");
}

TEST_CASE("matrix releases: the rows of Custom Call Reporter") {
  const PortMatrix& matrix = builtin_matrix("9.0.3");
  CHECK(matrix.rows.back().id == "ccr/egress/2");
  const MatrixRow& wallboard = *matrix.find("ccr/ingress/5");
  CHECK(wallboard.product == "ccr");
  CHECK(wallboard.direction == "ingress");
  CHECK(wallboard.table == 7);
  CHECK(wallboard.table_row == 5);
  CHECK(wallboard.peer == "wallboards");
  CHECK(matrix.find("ccr/ingress/6")->authentication == "user name and password");
  CHECK(matrix.find("ccr/egress/2")->authentication == "HMAC SHA-1 challenge");
  for (int n : {1, 2, 3, 4, 5}) CHECK(matrix.find("ccr/ingress/" + std::to_string(n))->authentication.empty());
}

TEST_CASE("matrix releases: which one holds for a release of IP Office") {
  auto holds = [](std::vector<unsigned> parts) { return matrix_release_for(Release{std::move(parts)}); };
  CHECK(holds({8, 1}) == "8.1");
  CHECK(holds({8, 1, 73}) == "8.1");
  CHECK(holds({9, 0}) == "9.0");
  CHECK(holds({9, 0, 1}) == "9.0");
  CHECK(holds({9, 0, 2, 860}) == "9.0");
  CHECK(holds({9, 0, 3}) == "9.0.3");
  CHECK(holds({9, 0, 3, 1}) == "9.0.3");
  CHECK(holds({9, 0, 12}) == "9.0.3");
  CHECK(holds({9, 1}) == "9.1");
  CHECK(holds({9, 1, 0, 0}) == "9.1");
  CHECK(holds({9, 1, 4}) == "9.1");
  for (const std::vector<unsigned>& parts :
       {std::vector<unsigned>{}, {9}, {7, 0}, {8, 0}, {8, 2}, {9, 2}, {10, 0}, {11, 1}, {0}, {91}})
    CHECK(holds(parts).empty());
}

TEST_CASE("matrix changes: all 24 rows of the change tables, as printed there") {
  std::vector<std::string> expected = split(printed_changes, '\n');
  REQUIRE(expected.size() == 26);  // two of the 24 concern two rows each
  std::vector<std::string> lines;
  for (const Span& step : {Span{"8.1", "9.0"}, Span{"9.0", "9.0.3"}, Span{"9.0.3", "9.1"}})
    for (const std::string& line : lines_of(changes_between(step.first, step.second))) lines.push_back(line);
  CHECK(lines == expected);

  // In one span a row that was changed twice is one change, and tells of both.
  MatrixChanges all = changes_between("8.1", "9.1");
  CHECK(all.added.size() == 14);
  CHECK(all.changed.size() == 2);
  CHECK(all.removed.size() == 8);
  std::erase_if(expected, [](const std::string& line) { return line.starts_with("6|"); });
  std::vector<std::string> collapsed = lines_of(all);
  CHECK(std::set<std::string>(collapsed.begin(), collapsed.end()) == std::set<std::string>(expected.begin(), expected.end()));
  std::set<std::string> told;
  auto tell = [&](const MatrixRow& r, const std::string& kind) {
    told.insert(std::to_string(r.table) + "." + std::to_string(r.table_row) + kind + (kind == "removed" ? r.direction : ""));
  };
  for (const MatrixRow& r : all.added) tell(r, "added");
  for (const auto& c : all.changed) tell(c.before, "changed"), tell(c.after, "changed");
  for (const MatrixRow& r : all.removed) tell(r, "removed");
  CHECK(told.size() == 24);
}

TEST_CASE("matrix changes: before and after") {
  auto media = [](std::string_view from, std::string_view to) {
    std::string out;
    for (const auto& c : changes_between(from, to).changed) {
      CHECK(c.before.id == c.after.id);
      out += c.before.id + " " + as_text(c.before.ports) + "@" + std::to_string(c.before.table) + " " + as_text(c.after.ports) +
             "@" + std::to_string(c.after.table) + "\n";
    }
    return out;
  };
  auto both = [](const std::string& change) { return "ip-office/ingress/27 " + change + "\nip-office/egress/18 " + change + "\n"; };
  CHECK(media("8.1", "9.0").empty());
  CHECK(media("9.0", "9.0.3") == both("@6 47000-54000@6"));
  CHECK(media("8.1", "9.0.3") == both("@6 47000-54000@6"));
  CHECK(media("9.0.3", "9.1") == both("47000-54000@6 40750-50750@7"));
  CHECK(media("8.1", "9.1") == both("@6 40750-50750@7"));
  CHECK(media("9.1", "8.1") == both("40750-50750@7 @6"));
}

TEST_CASE("matrix changes: applied to a release they give the other, in both directions") {
  for (const auto& [from, to] : every_span()) {
    INFO(from << ".." << to);
    const PortMatrix &a = builtin_matrix(from), &b = builtin_matrix(to);
    MatrixChanges changes = changes_between(from, to), back = changes_between(to, from);
    CHECK(ids_of(changes.added) == ids_of(back.removed));
    CHECK(ids_of(changes.removed) == ids_of(back.added));
    std::map<std::string, std::string> rows;
    for (const MatrixRow& r : a.rows) rows[r.id] = as_text(r.ports);
    for (const MatrixRow& r : changes.removed) CHECK(rows.erase(r.id) == 1);
    for (const MatrixRow& r : changes.added) CHECK(rows.emplace(r.id, as_text(r.ports)).second);
    for (const auto& c : changes.changed) {
      CHECK(rows.at(c.before.id) == as_text(c.before.ports));
      rows[c.after.id] = as_text(c.after.ports);
    }
    std::map<std::string, std::string> expected;
    for (const MatrixRow& r : b.rows) expected[r.id] = as_text(r.ports);
    CHECK(rows == expected);
  }
}

TEST_CASE("matrix: facts of later releases") {
  std::set<std::string> ids;
  for (const LaterFact& fact : later_facts()) {
    INFO(fact.id);
    CHECK(ids.insert(fact.id).second);
    CHECK(!fact.since.empty());
    CHECK(!fact.text.empty());
    CHECK(fact.text.back() != '.');
    CHECK(!fact.evidence.empty());
    for (const std::string& id : fact.rows) CHECK(builtin_matrix().find(id));
  }
  for (const char* id :
       {"tftp-inactive-on-linux", "tapi-inactive", "devlink-inactive", "base-port-to-65526", "subscription-egress"})
    CHECK(ids.contains(id));
  std::string tapi = text_of({"50797"});
  CHECK(tapi.find("\nin later releases:\n  ip-office/ingress/34, from 11.1: TAPI is inactive by default (") != std::string::npos);
  CHECK(tapi.find("subscription") == std::string::npos);
  CHECK(text_of({}).find("\n  from 12.3: a system in subscription mode") != std::string::npos);
}

TEST_CASE("matrix command: --release") {
  MatrixQuery query;
  query.release = "9.0.3";
  query.terms = {"ccr"};
  std::string text = ask(query).out;
  CHECK(text.find("ccr/ingress/3*  1433/tcp") != std::string::npos);
  CHECK(text.ends_with("\n8 of 118 rows of release 9.0.3\n"));
  query.release = "8.1";
  query.terms = {"media endpoints"};
  text = ask(query).out;
  CHECK(text.find("ip-office/ingress/27*  -/udp") != std::string::npos);
  query.format = "json";
  ordered_json rows = ordered_json::parse(ask(query).out)["rows"];
  REQUIRE(rows.size() == 2);
  CHECK(rows[0]["ports"].dump() == "[]");
  CHECK(rows[0]["source"]["table"] == 1);
  CHECK(rows[0]["source"]["row"] == 27);
  query.terms = {"40750"};
  CHECK(ask(query).status == 1);
  query.release = "9.0.3";
  query.terms = {"ccr/egress/2"};
  rows = ordered_json::parse(ask(query).out)["rows"];
  REQUIRE(rows.size() == 1);
  CHECK(rows[0]["until"] == "9.0.3");
  CHECK(rows[0]["since"].is_null());
  CHECK(rows[0]["source"]["table"] == 7);
  CHECK(rows[0]["source"]["row"] == 2);
}

TEST_CASE("matrix command: --changes") {
  MatrixQuery query;
  query.changes = Span{"8.1", "9.1"};
  query.format = "json";
  ordered_json json = ordered_json::parse(ask(query).out);
  Ids keys;
  for (const auto& item : json.items()) keys.push_back(item.key());
  CHECK(keys == Ids{"added", "changed", "removed"});
  CHECK(json["added"].size() == 14);
  CHECK(json["changed"].size() == 2);
  CHECK(json["removed"].size() == 8);
  ordered_json seven_thousand = ordered_json::parse(R"({"id":"ip-office/ingress/22","product":"ip-office","direction":"ingress",
      "number":22,"transports":["tcp"],"ports":[[7071,7071]],"application":"HTTPS","configurable":null,"optional":false,
      "state":"open","peer":"","authentication":"user name and password","purpose":"","platforms":
      ["server-edition","application-server"],
      "source":{"document":"Avaya Port Matrix: IP Office 9.1.0.0, Issue 7.1, December 24, 2014","table":5,"row":3},
      "since":"9.0","until":null,"errata":"optional is printed Yes in Table 1, row 22, and No in Table 5, row 3"})");
  seven_thousand["peer"] = row("ip-office/ingress/22").peer;
  seven_thousand["purpose"] = row("ip-office/ingress/22").purpose;
  CHECK(json["added"][2].dump() == seven_thousand.dump());
  keys.clear();
  for (const auto& item : json["changed"][0].items()) keys.push_back(item.key());
  CHECK(keys == Ids{"before", "after"});
  CHECK(json["changed"][0]["before"]["ports"].dump() == "[]");
  CHECK(json["changed"][0]["before"]["source"]["table"] == 6);
  CHECK(json["changed"][0]["after"]["ports"].dump() == "[[40750,50750]]");
  CHECK(json["changed"][0]["after"]["source"]["table"] == 7);

  query.terms = {"ccr"};
  json = ordered_json::parse(ask(query).out);
  CHECK(json["added"].empty());
  CHECK(json["removed"].size() == 8);
  query.terms = {"69"};
  CHECK(ask(query).status == 1);
  // A changed row also where only what it was matches.
  query.changes = Span{"9.0.3", "9.1"};
  query.terms = {"53999"};
  CHECK(ordered_json::parse(ask(query).out)["changed"].size() == 2);
  // That nothing changed is an answer.
  query.changes = Span{"9.0", "9.0"};
  query.terms = {};
  CHECK(ask(query).status == 0);
  CHECK(ordered_json::parse(ask(query).out).dump() == R"({"added":[],"changed":[],"removed":[]})");

  query.format = "text";
  CHECK(ask(query).out == "0 added, 0 changed, 0 removed from 9.0 to 9.0\n");
  query.changes = Span{"9.0.3", "9.1"};
  std::string text = ask(query).out;
  CHECK(text.find(" 47000-54000 → 40750-50750/udp  n/a     table 7, row 1") != std::string::npos);
  CHECK(text.find("\nadded    ip-office/ingress/8 ") != std::string::npos);
  CHECK(text.find("removed  ccr/ingress/3* ") != std::string::npos);
  CHECK(text.ends_with("\n7 added, 2 changed, 8 removed from 9.0.3 to 9.1\n"));
  for (const std::string& line : split(text, '\n')) {
    INFO(line);
    CHECK(std::count_if(line.begin(), line.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }) <= 120);
  }
}

TEST_CASE("matrix command line") {
  auto query_of = [](const std::vector<std::string>& words) { return std::get<MatrixQuery>(parse_command_line(words)); };
  CHECK(query_of({"matrix"}).release == matrix_releases().back());
  CHECK(!query_of({"matrix"}).changes);
  CHECK(query_of({"matrix", "--release", "9.0.3", "69"}).release == "9.0.3");
  CHECK(query_of({"matrix", "--release=8.1", "69"}).terms == Ids{"69"});
  CHECK(query_of({"matrix", "--changes", "9.0..9.0.3", "69"}).changes == Span{"9.0", "9.0.3"});
  CHECK(query_of({"matrix", "--changes", "9.1..9.1"}).changes == Span{"9.1", "9.1"});
  CHECK(query_of({"matrix", "--matrix", "a,b", "69", "--matrix", "c"}).own == Ids{"a,b", "c"});
  for (const auto& [words, text] : std::vector<std::pair<Ids, std::string>>{
           {{"--release", "9.2"}, "there is no port matrix of release '9.2', only of 8.1, 9.0, 9.0.3, 9.1"},
           {{"--release", ""}, "there is no port matrix of release ''"},
           {{"--changes", "9.1"}, "--changes takes two releases, FROM..TO, not '9.1' (8.1, 9.0, 9.0.3, 9.1)"},
           {{"--changes", "9.0..11.1"}, "there is no port matrix of release '11.1', only of 8.1, 9.0, 9.0.3, 9.1"},
           {{"--changes", "..9.1"}, "there is no port matrix of release ''"},
           {{"--changes", "9.0...9.1"}, "there is no port matrix of release '.9.1'"},
           {{"--changes", "9.1..8.1"}, "--changes goes from the older release to the newer one: 8.1..9.1"},
           {{"--changes", "9.0..9.1", "--release", "9.1"}, "leave out --release and --matrix"},
           {{"--changes", "9.0..9.1", "--matrix", "x"}, "leave out --release and --matrix"}}) {
    Ids all = {"matrix"};
    all.insert(all.end(), words.begin(), words.end());
    Command command = parse_command_line(all);
    INFO(text);
    REQUIRE(std::holds_alternative<Message>(command));
    CHECK(std::get<Message>(command).status == 2);
    CHECK(std::get<Message>(command).text.find(text) != std::string::npos);
  }
}

// ---- own matrices -------------------------------------------------------------------------------------------------

namespace {

Answer ask_with_own(const std::string& text, std::vector<std::string> terms = {}, const std::string& format = "json") {
  MatrixQuery query;
  query.own = {"-"};
  query.terms = std::move(terms);
  query.format = format;
  return ask(query, text);
}

std::string with(std::string text, const std::string& from, const std::string& to) {
  std::size_t at = text.find(from);
  REQUIRE(at != text.npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("own matrix: rows replace and follow the built-in ones") {
  std::string own = with(good, "a/ingress/1", "ip-office/ingress/4") + with(good, "a/ingress/1", "Acme Phones/intra/7");
  ordered_json rows = ordered_json::parse(ask_with_own(own).out)["rows"];
  REQUIRE(rows.size() == 118);
  CHECK(rows[3]["id"] == "ip-office/ingress/4");
  CHECK(rows[3]["purpose"] == "q");
  CHECK(rows[3]["authentication"] == "");
  CHECK(rows[3]["source"]["document"] == "-");
  CHECK(rows[117]["id"] == "Acme Phones/intra/7");
  CHECK(rows[117]["product"] == "Acme Phones");
  CHECK(rows[117]["number"] == 7);
  CHECK(rows[117]["source"].dump() == R"({"document":"-","table":1,"row":7})");
  CHECK(ordered_json::parse(ask_with_own(own, {"acme phones/intra"}).out)["rows"].size() == 1);
  CHECK(ask_with_own(own, {"69"}, "text").out.ends_with("\n3 of 118 rows of release 9.1\n"));
  // What it is called, and where its rows are from.
  std::string named = "release = \"11.1\"\ndocument = \"our own\"\n" + good;
  CHECK(ask_with_own(named, {}, "text").out.ends_with("\n118 of 118 rows of release 11.1\n"));
  CHECK(ordered_json::parse(ask_with_own(named).out)["rows"][117]["source"]["document"] == "our own");
}

TEST_CASE("own matrix: what the command prints is a matrix again") {
  // The JSON of every release, written as TOML, laid over that release changes nothing but the document.
  for (std::string_view release : matrix_releases()) {
    MatrixQuery query;
    query.release = release;
    query.format = "json";
    ordered_json json = ordered_json::parse(ask(query).out);
    std::string text = "document = " + json["rows"][0]["source"]["document"].dump() + "\n";
    for (const auto& r : json["rows"]) {
      std::string ports;
      for (const auto& range : r["ports"])
        ports += (ports.empty() ? "" : "/") + range[0].dump() + (range[0] == range[1] ? "" : "-" + range[1].dump());
      text += "[[row]]\ntable = " + r["source"]["table"].dump() + "\nports = \"" + ports + "\"\n";
      for (const char* key : {"id", "transports", "application", "configurable", "optional", "state", "peer", "authentication",
                              "purpose", "platforms", "since", "until", "errata"})
        if (!r[key].is_null()) text += std::string(key) + " = " + r[key].dump() + "\n";
    }
    query.own = {"-"};
    Answer answer = ask(query, text);
    CHECK(answer.err.empty());
    CHECK(ordered_json::parse(answer.out) == json);
    Read alone(text);
    CHECK(alone.matrix.rows.size() == builtin_matrix(release).rows.size());
  }
}

TEST_CASE("own matrix: errors have line and column, and nothing is printed") {
  auto error = [](const std::string& text) {
    Answer answer = ask_with_own(text);
    CHECK(answer.status == 2);
    CHECK(answer.out.empty());
    return answer.err;
  };
  CHECK(error(with(good, "\"open\"", "\"ajar\"")) == "-:8:9: unknown state \"ajar\" (open, closed, filtered, n/a)\n");
  CHECK(error("\n" + with(good, "a/ingress/1", "a/b")) == "-:3:6: id \"a/b\" is not product/direction/number\n");
  CHECK(error(good + "colour = 1\n") == "-:11:1: unknown key \"colour\"\n");
  CHECK(error(with(good, "table = 1\n", "")) == "-:1:1: key \"table\" is missing\n");
  CHECK(error("release = 11.1\n" + good) == "-:1:11: \"release\" is not a string\n");
  CHECK(error(good + good) == "-:12:6: second row of id \"a/ingress/1\"\n");
  CHECK(error("[[row]\n").starts_with("-:1:1: "));
  CHECK(error("# nothing\n") == "-:1:1: key \"row\" is missing\n");
  CHECK(error("") == "-: empty file; nothing to analyse\n");
  CHECK(error(with(good, "a/ingress/1", "a/in\\u001b[31m/1")).find('\x1b') == std::string::npos);
  CHECK(error(std::string(2 << 20, '#')) == "-: larger than 1 MiB; a matrix file is far smaller\n");
  MatrixQuery query;
  query.own = {"/no/such/matrix.toml"};
  CHECK(ask(query).status == 2);
  CHECK(ask(query).err.starts_with("/no/such/matrix.toml: cannot be read"));
}

TEST_CASE("own matrix: hostile text") {
  // Far more errors than lines: reading stops.
  std::string many;
  for (int i = 0; i < 10000; ++i) many += "[[row]]\n";
  std::string err = ask_with_own(many).err;
  CHECK(std::count(err.begin(), err.end(), '\n') == 101);
  CHECK(err.ends_with(": too many errors; there may be more\n"));
  std::string wrong = "row = [";
  for (int i = 0; i < 10000; ++i) wrong += "1,";
  err = ask_with_own(wrong + "]").err;
  CHECK(std::count(err.begin(), err.end(), '\n') == 101);
  std::string ports = "1";
  for (int i = 2; i < 100; ++i) ports += "/" + std::to_string(i);
  CHECK(ask_with_own(with(good, "\"69\"", "\"" + ports + "\"")).err ==
        "-:4:9: more than 64 ports in one row; write several rows\n");
  // What a terminal would obey is shown, not sent; long cells are cut.
  std::string odd = with(good, "\"q\"", "\"a\\u001b[31m\\nb\"");
  odd = with(odd, "a/ingress/1", std::string(500000, 'x') + "/ingress/1");
  std::string text = ask_with_own(odd, {"69"}, "text").out;
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("a\\x1b[31m\\x0ab") != std::string::npos);
  CHECK(text.size() < 5000);
}

TEST_CASE("matrix releases: each can be judged by, and media without ports is no port") {
  for (std::string_view release : matrix_releases()) {
    Sources sources = {decode_source("fw.rules",
                                     "*filter\n:INPUT DROP\n:FORWARD DROP\n:OUTPUT ACCEPT\n"
                                     "-A INPUT -i eth0 -p udp --dport 47000:54000 -j ACCEPT\nCOMMIT\n")};
    Site site;
    find_dialect("iptables")->interpret(sources, 0, site);
    const PortMatrix& matrix = builtin_matrix(release);
    std::vector<Standing> standings = survey(site, sources, matrix, {{"eth0"}, {}});
    Exposure exposure(site, standings, matrix);
    REQUIRE(exposure.openings().size() == 1);
    bool media = false;
    for (const RowHit& hit : exposure.openings()[0].hits) media = media || hit.row->id == "ip-office/ingress/27";
    INFO(release);
    CHECK(media == (release == "9.0.3" || release == "9.1"));
  }
}

TEST_CASE("terms: ports are digits with a transport, words begin where no letter stands before") {
  for (const char* term : {"69", "69/udp", "5060-5061", "5060-5061/tcp"}) CHECK(port_term(term).has_value());
  for (const char* term : {"", "-", "/udp", "69/", "69/sctp", "69x", "x69", "69-", "-69", "69-x", "69-70x", "6 9"})
    CHECK_FALSE(port_term(term).has_value());
  CHECK(port_term("5060-5061/tcp")->hi == 5061);
  CHECK(port_term("69/udp")->lo == 69);
  CHECK(port_term("69/udp")->transport == "udp");
  MatrixRow row;
  row.application = "one-X Portal (h2SysMonitor), zTAPI";
  for (const char* word : {"one", "ONE-X", "x", "portal", "h2sys", "ztapi"}) CHECK(application_has_word(row, word));
  for (const char* word : {"", "ortal", "sysmonitor", "tapi", "ne-x", "2sys"}) CHECK_FALSE(application_has_word(row, word));
}
