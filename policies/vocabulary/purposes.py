"""Purposes of the Data Privacy Vocabulary: what lies below what, and what people call them.

What lives here: the hierarchy of DPV 2.3 with German and English names of our own. What does not: legal bases (`law`),
what belonging means (`taxonomy`). Source: Data Privacy Vocabulary 2.3, purposes.

A trap worth knowing: `ScientificResearch` lies below `ResearchAndDevelopment` alone. It is *not* below
`NonCommercialPurpose`; `NonCommercialResearch` is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

DPV: Final = "https://w3id.org/dpv#"


class Purpose(Struct, frozen=True):
    """A purpose: its broader terms (local names) and what people call it."""

    broader: tuple[str, ...]
    de: str
    en: str


PURPOSES: Final[Mapping[str, Purpose]] = {
    "Purpose": Purpose((), "irgendein Zweck", "any purpose"),
    "AcademicResearch": Purpose(("ResearchAndDevelopment",), "Hochschulforschung", "academic research"),
    "AccountManagement": Purpose(("Purpose",), "Kontenführung", "account management"),
    "Advertising": Purpose(("Marketing",), "Werbung", "advertising"),
    "AgeVerification": Purpose(("Verification",), "Altersprüfung", "age verification"),
    "CombatClimateChange": Purpose(("PublicBenefit",), "Klimaschutz", "climate protection"),
    "CommercialPurpose": Purpose(("Purpose",), "kommerzieller Zweck", "commercial purpose"),
    "CommercialResearch": Purpose(
        ("CommercialPurpose", "ResearchAndDevelopment"), "kommerzielle Forschung", "commercial research"
    ),
    "CommunicationForCustomerCare": Purpose(
        ("CommunicationManagement", "CustomerCare"),
        "Kommunikation zur Kundenbetreuung",
        "communication for customer care",
    ),
    "CommunicationManagement": Purpose(("Purpose",), "Kommunikation", "communication management"),
    "CounterMoneyLaundering": Purpose(
        ("FraudPreventionAndDetection",), "Bekämpfung der Geldwäsche", "counter money laundering"
    ),
    "Counterterrorism": Purpose(("PublicBenefit",), "Terrorismusbekämpfung", "counterterrorism"),
    "CustomerCare": Purpose(("CustomerManagement",), "Kundenbetreuung", "customer care"),
    "CustomerClaimsManagement": Purpose(
        ("CustomerManagement",), "Bearbeitung von Kundenansprüchen", "customer claims management"
    ),
    "CustomerManagement": Purpose(("Purpose",), "Kundenverwaltung", "customer management"),
    "CustomerOrderManagement": Purpose(
        ("CustomerManagement",), "Verwaltung von Bestellungen", "customer order management"
    ),
    "CustomerRelationshipManagement": Purpose(
        ("CustomerManagement",), "Pflege der Kundenbeziehungen", "customer relationship management"
    ),
    "CustomerSolvencyMonitoring": Purpose(
        ("CustomerManagement",), "Überwachung der Zahlungsfähigkeit", "customer solvency monitoring"
    ),
    "DataAltruism": Purpose(("PublicBenefit",), "Datenaltruismus", "data altruism"),
    "DataAvailabilityAssessment": Purpose(
        ("DataGovernance",), "Prüfung der Datenverfügbarkeit", "data availability assessment"
    ),
    "DataGovernance": Purpose(("OrganisationGovernance",), "Datenverwaltung", "data governance"),
    "DataInteroperabilityAssessment": Purpose(
        ("DataInteroperabilityManagement",),
        "Prüfung der Interoperabilität von Daten",
        "data interoperability assessment",
    ),
    "DataInteroperabilityImprovement": Purpose(
        ("DataInteroperabilityManagement",),
        "Verbesserung der Interoperabilität von Daten",
        "data interoperability improvement",
    ),
    "DataInteroperabilityManagement": Purpose(
        ("DataGovernance",), "Interoperabilität von Daten", "data interoperability management"
    ),
    "DataInventoryManagement": Purpose(("DataGovernance",), "Führen eines Dateninventars", "data inventory management"),
    "DataQualityAssessment": Purpose(
        ("DataQualityManagement",), "Prüfung der Datenqualität", "data quality assessment"
    ),
    "DataQualityImprovement": Purpose(
        ("DataQualityManagement",), "Verbesserung der Datenqualität", "data quality improvement"
    ),
    "DataQualityManagement": Purpose(("DataGovernance",), "Sicherung der Datenqualität", "data quality management"),
    "DataSecurityManagement": Purpose(("DataGovernance",), "Datensicherheit", "data security management"),
    "DataSuitabilityAssessment": Purpose(
        ("DataQualityAssessment",), "Prüfung der Eignung von Daten", "data suitability assessment"
    ),
    "DeliveryOfGoods": Purpose(("RequestedServiceProvision",), "Lieferung von Waren", "delivery of goods"),
    "DirectMarketing": Purpose(("Marketing",), "Direktwerbung", "direct marketing"),
    "DisputeManagement": Purpose(("OrganisationGovernance",), "Bearbeitung von Streitfällen", "dispute management"),
    "EnforceAccessControl": Purpose(("EnforceSecurity",), "Durchsetzung von Zugriffsrechten", "enforce access control"),
    "EnforceSecurity": Purpose(("Purpose",), "Durchsetzung der Sicherheit", "enforce security"),
    "EstablishContractualAgreement": Purpose(
        ("Purpose",), "Anbahnung eines Vertrags", "establish contractual agreement"
    ),
    "FraudPreventionAndDetection": Purpose(
        ("MisusePreventionAndDetection",), "Vorbeugung und Erkennung von Betrug", "fraud prevention and detection"
    ),
    "FulfilmentOfContractualObligation": Purpose(
        ("FulfilmentOfObligation",), "Erfüllung einer Vertragspflicht", "fulfilment of contractual obligation"
    ),
    "FulfilmentOfObligation": Purpose(("Purpose",), "Erfüllung einer Pflicht", "fulfilment of an obligation"),
    "HumanResourceManagement": Purpose(("Purpose",), "Personalwesen", "human resource management"),
    "IdentityAuthentication": Purpose(("EnforceSecurity",), "Feststellung der Identität", "identity authentication"),
    "IdentityVerification": Purpose(("Verification",), "Prüfung der Identität", "identity verification"),
    "ImproveExistingProductsAndServices": Purpose(
        ("OptimisationForController",),
        "Verbesserung bestehender Produkte und Dienste",
        "improve existing products and services",
    ),
    "ImproveHealthcare": Purpose(("PublicBenefit",), "Gesundheitswesen", "healthcare"),
    "ImproveInternalCRMProcesses": Purpose(
        ("CustomerRelationshipManagement", "OptimisationForController"),
        "Verbesserung der internen Kundenpflege",
        "improve internal CRM processes",
    ),
    "ImprovePublicServices": Purpose(("PublicBenefit",), "bessere öffentliche Dienste", "better public services"),
    "ImproveTransportMobility": Purpose(("PublicBenefit",), "Verkehr und Mobilität", "transport and mobility"),
    "IncreaseServiceRobustness": Purpose(
        ("OptimisationForController",), "robustere Dienste", "increase service robustness"
    ),
    "InternalResourceOptimisation": Purpose(
        ("OptimisationForController",), "besserer Einsatz eigener Mittel", "internal resource optimisation"
    ),
    "LegalCompliance": Purpose(("FulfilmentOfObligation",), "Erfüllung einer Rechtspflicht", "legal compliance"),
    "MaintainFraudDatabase": Purpose(
        ("FraudPreventionAndDetection",), "Führen einer Betrugsdatenbank", "maintain fraud database"
    ),
    "Marketing": Purpose(("Purpose",), "Vermarktung", "marketing"),
    "MemberPartnerManagement": Purpose(
        ("OrganisationGovernance",), "Verwaltung von Mitgliedern und Partnern", "member partner management"
    ),
    "MetadataManagement": Purpose(("DataGovernance",), "Pflege von Metadaten", "metadata management"),
    "MisusePreventionAndDetection": Purpose(
        ("EnforceSecurity",), "Vorbeugung und Erkennung von Missbrauch", "misuse prevention and detection"
    ),
    "NonCommercialPurpose": Purpose(("Purpose",), "nichtkommerzieller Zweck", "non-commercial purpose"),
    "NonCommercialResearch": Purpose(
        ("NonCommercialPurpose", "ResearchAndDevelopment"), "nichtkommerzielle Forschung", "non-commercial research"
    ),
    "OptimisationForConsumer": Purpose(
        ("ServiceOptimisation",), "Verbesserung für Nutzende", "optimisation for consumer"
    ),
    "OptimisationForController": Purpose(
        ("ServiceOptimisation",), "Verbesserung für Verantwortliche", "optimisation for controller"
    ),
    "OptimiseUserInterface": Purpose(
        ("OptimisationForConsumer",), "Verbesserung der Bedienung", "optimise user interface"
    ),
    "OrganisationComplianceManagement": Purpose(
        ("OrganisationGovernance",), "Regeltreue der Organisation", "organisation compliance management"
    ),
    "OrganisationGovernance": Purpose(("Purpose",), "Leitung der Organisation", "organisation governance"),
    "OrganisationRiskManagement": Purpose(
        ("OrganisationGovernance",), "Risikosteuerung der Organisation", "organisation risk management"
    ),
    "PaymentManagement": Purpose(("ServiceManagement",), "Zahlungsverkehr", "payment management"),
    "Personalisation": Purpose(("Purpose",), "persönliche Anpassung", "personalisation"),
    "PersonalisedAdvertising": Purpose(
        ("Advertising", "Personalisation"), "persönlich angepasste Werbung", "personalised advertising"
    ),
    "PersonalisedBenefits": Purpose(
        ("ServicePersonalisation",), "persönlich angepasste Vorteile", "personalised benefits"
    ),
    "PersonnelBehaviourMonitoring": Purpose(
        ("PersonnelMonitoring",), "Überwachung des Verhaltens von Beschäftigten", "personnel behaviour monitoring"
    ),
    "PersonnelHiring": Purpose(("PersonnelManagement",), "Einstellung von Beschäftigten", "personnel hiring"),
    "PersonnelManagement": Purpose(("HumanResourceManagement",), "Personalverwaltung", "personnel management"),
    "PersonnelMonitoring": Purpose(("PersonnelManagement",), "Überwachung von Beschäftigten", "personnel monitoring"),
    "PersonnelOffboarding": Purpose(("PersonnelManagement",), "Ausscheiden von Beschäftigten", "personnel offboarding"),
    "PersonnelOnboarding": Purpose(("PersonnelHiring",), "Einarbeitung von Beschäftigten", "personnel onboarding"),
    "PersonnelPayment": Purpose(("PersonnelManagement",), "Bezahlung von Beschäftigten", "personnel payment"),
    "PersonnelPerformanceEvaluation": Purpose(
        ("PersonnelPerformanceManagement",),
        "Beurteilung der Leistung von Beschäftigten",
        "personnel performance evaluation",
    ),
    "PersonnelPerformanceManagement": Purpose(
        ("PersonnelManagement", "PersonnelMonitoring"),
        "Leistungssteuerung von Beschäftigten",
        "personnel performance management",
    ),
    "PersonnelPerformanceMonitoring": Purpose(
        ("PersonnelMonitoring", "PersonnelPerformanceManagement"),
        "Überwachung der Leistung von Beschäftigten",
        "personnel performance monitoring",
    ),
    "PersonnelPerformancePrediction": Purpose(
        ("PersonnelPerformanceManagement",),
        "Vorhersage der Leistung von Beschäftigten",
        "personnel performance prediction",
    ),
    "PersonnelPromotionManagement": Purpose(
        ("PersonnelManagement",), "Beförderung von Beschäftigten", "personnel promotion management"
    ),
    "PersonnelTerminationManagement": Purpose(
        ("PersonnelManagement",), "Kündigung von Beschäftigten", "personnel termination management"
    ),
    "PersonnelWorkloadManagement": Purpose(
        ("PersonnelManagement",), "Arbeitsverteilung unter Beschäftigten", "personnel workload management"
    ),
    "PoliticalCampaign": Purpose(("Advertising", "Personalisation"), "politische Werbung", "political campaign"),
    "ProtectionOfIPR": Purpose(
        ("FulfilmentOfObligation",), "Schutz geistigen Eigentums", "protection of intellectual property"
    ),
    "ProtectionOfNationalSecurity": Purpose(("PublicBenefit",), "nationale Sicherheit", "national security"),
    "ProtectionOfPublicSecurity": Purpose(("PublicBenefit",), "öffentliche Sicherheit", "public security"),
    "ProvideEventRecommendations": Purpose(
        ("ProvidePersonalisedRecommendations",), "Empfehlung von Veranstaltungen", "provide event recommendations"
    ),
    "ProvideOfficialStatistics": Purpose(("PublicBenefit",), "amtliche Statistik", "official statistics"),
    "ProvidePersonalisedRecommendations": Purpose(
        ("ServicePersonalisation",), "persönliche Empfehlungen", "provide personalised recommendations"
    ),
    "ProvideProductRecommendations": Purpose(
        ("ProvidePersonalisedRecommendations",), "Empfehlung von Produkten", "provide product recommendations"
    ),
    "PublicBenefit": Purpose(("Purpose",), "Gemeinwohl", "public benefit"),
    "PublicPolicyMaking": Purpose(("PublicBenefit",), "Politik und Planung", "public policy making"),
    "PublicRelations": Purpose(("Marketing",), "Öffentlichkeitsarbeit", "public relations"),
    "RecordManagement": Purpose(("Purpose",), "Schriftgutverwaltung", "record management"),
    "RecruitmentAdvertising": Purpose(("Advertising", "PersonnelHiring"), "Stellenwerbung", "recruitment advertising"),
    "RecruitmentApplicantBackgroundCheck": Purpose(
        ("RecruitmentManagement",), "Überprüfung von Bewerbenden", "recruitment applicant background check"
    ),
    "RecruitmentApplicantCriminalBackgroundCheck": Purpose(
        ("RecruitmentManagement",),
        "Überprüfung von Bewerbenden auf Straftaten",
        "recruitment applicant criminal background check",
    ),
    "RecruitmentApplicantInformationAuthentication": Purpose(
        ("RecruitmentManagement",),
        "Prüfung der Angaben von Bewerbenden",
        "recruitment applicant information authentication",
    ),
    "RecruitmentApplicantSelection": Purpose(
        ("RecruitmentManagement",), "Auswahl von Bewerbenden", "recruitment applicant selection"
    ),
    "RecruitmentApplicationAnalysis": Purpose(
        ("RecruitmentApplicationManagement",), "Auswertung von Bewerbungen", "recruitment application analysis"
    ),
    "RecruitmentApplicationManagement": Purpose(
        ("RecruitmentManagement",), "Verwaltung von Bewerbungen", "recruitment application management"
    ),
    "RecruitmentApplicationScreening": Purpose(
        ("RecruitmentApplicationManagement",), "Vorauswahl von Bewerbungen", "recruitment application screening"
    ),
    "RecruitmentInterviewAnalysis": Purpose(
        ("RecruitmentInterviewManagement",), "Auswertung von Bewerbungsgesprächen", "recruitment interview analysis"
    ),
    "RecruitmentInterviewAssessment": Purpose(
        ("RecruitmentInterviewManagement",), "Bewertung von Bewerbungsgesprächen", "recruitment interview assessment"
    ),
    "RecruitmentInterviewManagement": Purpose(
        ("RecruitmentManagement",), "Verwaltung von Bewerbungsgesprächen", "recruitment interview management"
    ),
    "RecruitmentInterviewScheduling": Purpose(
        ("RecruitmentInterviewManagement",), "Terminierung von Bewerbungsgesprächen", "recruitment interview scheduling"
    ),
    "RecruitmentManagement": Purpose(("PersonnelHiring",), "Personalgewinnung", "recruitment management"),
    "RecruitmentTargetedAdvertising": Purpose(
        ("RecruitmentAdvertising", "TargetedAdvertising"), "gezielte Stellenwerbung", "recruitment targeted advertising"
    ),
    "RepairImpairments": Purpose(("ServiceManagement",), "Behebung von Störungen", "repair impairments"),
    "RequestedServiceProvision": Purpose(
        ("ServiceProvision",), "Erbringung angefragter Dienste", "requested service provision"
    ),
    "ResearchAndDevelopment": Purpose(("Purpose",), "Forschung und Entwicklung", "research and development"),
    "ScientificResearch": Purpose(("ResearchAndDevelopment",), "wissenschaftliche Forschung", "scientific research"),
    "SearchFunctionalities": Purpose(("ServiceProvision",), "Suchfunktionen", "search functionalities"),
    "SellDataToThirdParties": Purpose(("SellProducts",), "Verkauf von Daten an Dritte", "sell data to third parties"),
    "SellInsightsFromData": Purpose(
        ("SellProducts",), "Verkauf von Erkenntnissen aus Daten", "sell insights from data"
    ),
    "SellProducts": Purpose(("ServiceProvision",), "Verkauf von Produkten", "sell products"),
    "SellProductsToDataSubject": Purpose(
        ("SellProducts",), "Verkauf von Produkten an betroffene Personen", "sell products to data subject"
    ),
    "ServiceAccessDetermination": Purpose(
        ("ServiceManagement",), "Prüfung der Zugangsberechtigung zu Diensten", "service access determination"
    ),
    "ServiceManagement": Purpose(("Purpose",), "Betrieb von Diensten", "service management"),
    "ServiceMonitoring": Purpose(("ServiceManagement",), "Überwachung von Diensten", "service monitoring"),
    "ServiceOptimisation": Purpose(("ServiceManagement",), "Verbesserung von Diensten", "service optimisation"),
    "ServicePersonalisation": Purpose(
        ("Personalisation", "ServiceManagement"), "persönliche Anpassung von Diensten", "service personalisation"
    ),
    "ServiceProvision": Purpose(("ServiceManagement",), "Erbringung von Diensten", "service provision"),
    "ServiceRegistration": Purpose(("ServiceManagement",), "Anmeldung zu Diensten", "service registration"),
    "ServiceUsageAnalytics": Purpose(
        ("ServiceMonitoring",), "Auswertung der Nutzung von Diensten", "service usage analytics"
    ),
    "SocialMediaMarketing": Purpose(("Marketing",), "Vermarktung in sozialen Medien", "social media marketing"),
    "TargetedAdvertising": Purpose(("PersonalisedAdvertising",), "gezielte Werbung", "targeted advertising"),
    "TechnicalServiceProvision": Purpose(
        ("ServiceProvision",), "technische Erbringung von Diensten", "technical service provision"
    ),
    "UserInterfacePersonalisation": Purpose(
        ("ServicePersonalisation",), "persönliche Anpassung der Bedienung", "user interface personalisation"
    ),
    "VendorManagement": Purpose(("Purpose",), "Lieferantenverwaltung", "vendor management"),
    "VendorPayment": Purpose(("VendorManagement",), "Bezahlung von Lieferanten", "vendor payment"),
    "VendorRecordsManagement": Purpose(("VendorManagement",), "Unterlagen zu Lieferanten", "vendor records management"),
    "VendorSelectionAssessment": Purpose(
        ("VendorManagement",), "Auswahl von Lieferanten", "vendor selection assessment"
    ),
    "Verification": Purpose(("EnforceSecurity",), "Überprüfung", "verification"),
}
"""Local name below `DPV` -> purpose. Terms of DPV that are not here are known by identity alone."""
