package io.fanfare.bench.report;

import java.util.List;

/**
 * What one run measured.
 *
 * @param at when
 * @param machine on what
 * @param command what was typed
 * @param missing systems that could not be measured, and why
 * @param rows the points
 */
public record Run(String at, String machine, String command, List<String> missing, List<Row> rows) {

}
